"""Puts a case on the lab: what is there before, the change, and what happens meanwhile at its second."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from tests.lab.cases.case import Case
from tests.lab.layout import LIVE, TEST
from tests.lab.place import Place

_WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet"}


@contextlib.contextmanager
def staged(case: Case, images: dict[str, str], *, alone: bool = False, suffix: str = "") -> Iterator[Place]:
    """A namespace where all is as before the case's change; removed afterwards. What disturbs has the live cluster."""
    place = Place(LIVE if case.alone or alone else TEST, f"case-{case.name}{suffix}", dict(images))
    try:
        place.make()
        for step in case.ground:
            step.do(place)
        for manifest in case.before:
            place.apply(manifest)
        if case.healthy:
            _wait_until_healthy(case, place)
        for step in case.prepare:
            step.do(place)
        yield place
    finally:
        for step in case.cleanup:
            step.do(place)
        for behaviour in list(place.hidden):
            place.show(behaviour)
        place.until_end.close()
        place.remove()


def change(case: Case, place: Place) -> None:
    """Make the case's change."""
    for step in case.change:
        step.do(place)


def carry_on(case: Case, place: Place, zero: float, until: Callable[[], bool] = lambda: False) -> None:
    """Do what happens meanwhile, counted from `zero` (of `time.monotonic`), and return after the case's seconds.

    Earlier where `until` says so.
    """
    for second, step in (*case.meanwhile, (case.seconds, None)):
        while (left := zero + second - time.monotonic()) > 0 and not until():
            time.sleep(min(left, 0.1))
        if step is None or until():
            return
        step.do(place)


def _wait_until_healthy(case: Case, place: Place) -> None:
    for manifest in case.before:
        if manifest["kind"] in _WORKLOADS:
            place.wait_until_complete(manifest["kind"].lower(), manifest["metadata"]["name"])

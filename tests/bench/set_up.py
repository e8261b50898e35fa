"""A case of the lab for several programs at once, each with objects of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from attrs import evolve

from tests.bench.tools import Tool
from tests.lab import stage
from tests.lab.cases.case import Case
from tests.lab.cases.steps import HideImage, Patch, ShowImage, Step
from tests.lab.place import Place

_COMPLETE = 120.0


@contextlib.contextmanager
def set_up(case: Case, tool: Tool, images: dict[str, str]) -> Iterator[Place]:
    """A namespace where all is as before the case's change, its objects put there as the program needs them."""
    with stage.staged(evolve(case, before=(), healthy=False, prepare=()), images) as place:
        tool.install(place, case)
        for manifest in case.before:
            if case.healthy and manifest["kind"] == "Deployment":
                place.wait_until_complete("deployment", manifest["metadata"]["name"], _COMPLETE)
        for step in case.prepare:
            step.do(place)
        yield place


def for_several(case: Case, count: int, name: str, *, first: bool) -> Case:
    """The case for one of so many programs: what they share is done by the first, and is enough for all."""

    def steps(of: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(_enough(it, count) for it in of if first or not _shared(it))

    meanwhile = tuple((at, step) for at, step in case.meanwhile if first or not _shared(step))
    ground, prepare = steps(case.ground), steps(case.prepare)
    return evolve(case, name=f"{case.name}-{name}", ground=ground, prepare=prepare, meanwhile=meanwhile)


def _shared(step: Step) -> bool:
    return isinstance(step, HideImage | ShowImage)


def _enough(step: Step, count: int) -> Step:
    """As much of a node's resource as all of them need before the change."""
    if not (isinstance(step, Patch) and step.kind == "node"):
        return step
    ((resource, amount),) = step.patch["status"]["capacity"].items()
    return evolve(step, patch={"status": {"capacity": {resource: str(int(amount) * count)}}})

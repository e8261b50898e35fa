"""A recording gets the same verdict at the same second however it is told, and whatever goes on beside it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from promokit.cluster.objects import Controller, Event, Pod
from promokit.promotion.explaining import Explanation, explain_timeline
from promokit.rollout.timeline import Line
from tests.timelines import Expectation, altered, expectations, lines, policy_of
from tests.timelines.altered import Told, read
from tests.timelines.test_verdicts import LATE


@functools.cache
def _told(name: str) -> Told:
    return lines(name)


@functools.cache
def _read(name: str, way: Callable[[Told], Told] = list) -> list[Line]:
    return read(way(_told(name)))


def judged(told: list[Line], flags: str) -> Explanation:
    return explain_timeline(told, policy_of(flags), Path("altered"))


def verdict(told: list[Line], flags: str = "--stable-for 2s") -> str:
    found = judged(told, flags).assessment.verdict
    return f"{found.outcome}: {found.reason}"


@pytest.mark.parametrize("way", altered.WAYS, ids=lambda it: it.__name__)
@pytest.mark.parametrize("expected", expectations(), ids=lambda it: f"{it.timeline} {it.flags}")
def test_a_recording_told_otherwise_is_judged_alike(expected: Expectation, way: Callable[[Told], Told]) -> None:
    """The outcome, the reason and the second are those of the recording itself."""
    found = judged(_read(expected.timeline, way), expected.flags)
    told = found.assessment.verdict
    if expected.reason == "quota" and way is altered.beside_pods_that_end:
        assert told.outcome == "progressing"  # a quota is of the namespace: what ends there may make room
        return
    assert (told.outcome, told.reason) == (expected.outcome, expected.reason)
    if expected.justified is not None:
        assert expected.justified - 0.001 <= found.t <= expected.justified + LATE


@pytest.mark.parametrize("kind", ["Pod", "Event", "ReplicaSet", "Controller"])
@pytest.mark.parametrize("expected", expectations(), ids=lambda it: f"{it.timeline} {it.flags}")
def test_a_stream_that_is_seconds_late_never_makes_it_wrong(expected: Expectation, kind: str) -> None:
    """The verdict may come later; until then it isn't another one."""
    late = [
        Line(each.t + 3.0 * (type(each.seen).__name__ == kind and each.t >= 0), each.seen, each.gone)
        for each in _read(expected.timeline)
    ]
    found = judged(sorted(late, key=lambda each: each.t), expected.flags).assessment.verdict
    assert (found.outcome, found.reason) in {(expected.outcome, expected.reason), ("progressing", found.reason)}


SAID_BY_EVENTS_ALONE = {"unschedulable-until-scaled-up"}
"""An autoscaler speaks by an Event, and nothing else tells of it."""


@pytest.mark.parametrize(
    "expected",
    [each for each in expectations() if each.timeline not in SAID_BY_EVENTS_ALONE],
    ids=lambda it: f"{it.timeline} {it.flags}",
)
def test_without_events_it_is_late_or_less_exact_and_never_wrong(expected: Expectation) -> None:
    """The API server drops them when there are many; only they tell that it was a probe that killed a container."""
    told = [each for each in _read(expected.timeline) if not isinstance(each.seen, Event)]
    found = judged(told, expected.flags).assessment.verdict
    words = {expected.reason, "crash-loop" if expected.reason.endswith("-killed") else expected.reason}
    assert found.outcome == "progressing" or (found.outcome == expected.outcome and found.reason in words)


def test_old_pods_that_are_seen_late_still_make_room() -> None:
    """Pods come by a stream of their own: the Deployment says already that some are ending."""
    told = _read("quota-until-old-pods-end")
    unseen = [each for each in told if not isinstance(each.seen, Pod) or each.t < 0]
    assert verdict([each for each in unseen if each.t < 6]) == "progressing: waiting"


def test_a_deployment_that_is_being_recreated_is_not_judged_by_its_old_pods() -> None:
    """While Recreate ends them, the Deployment's newest revision is still that of before."""
    told = _read("old-pods-crash")
    stuck = next(each for each in told if isinstance(each.seen, Controller) and each.t > 0)
    assert isinstance(stuck.seen, Controller)
    revision = {"deployment.kubernetes.io/revision": "1"}
    waiting = evolve(stuck.seen, annotations=revision, observed_generation=stuck.seen.generation, updated=0)
    of_before = [each for each in told if each.t < 0]
    crashing = [each for each in told if each.t > 0 and isinstance(each.seen, Pod) and each.seen.owner in _owners(told)]
    assert verdict([*of_before, Line(0.01, waiting), *crashing]) == "progressing: waiting"


def _owners(told: list[Line]) -> set[str]:
    return {each.seen.owner for each in told if isinstance(each.seen, Pod) and each.t < 0}

"""Each recording gets its verdict: exactly that one, never before the recording justifies it, at most 0.25 s later."""

from __future__ import annotations

import functools
import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promokit.cluster.objects import Event
from promokit.cluster.strict import parse_strictly
from promokit.promotion.explaining import Explanation, explain_timeline
from promokit.rollout.policy import Policy
from promokit.rollout.timeline import Line, read_timeline
from tests.lab.cases import CASES
from tests.timelines import FOLDER, Expectation, expectations, named, policy_of

LATE = 0.25
each_expectation = pytest.mark.parametrize("expected", expectations(), ids=lambda it: f"{it.timeline} {it.flags}")
ALL = -1
"""The seed that drops every Event."""


@functools.cache
def recorded(name: str) -> tuple[Line, ...]:
    return tuple(read_timeline(FOLDER / f"{name}.jsonl"))


def judged(expected: Expectation, lines: list[Line] | tuple[Line, ...]) -> Explanation:
    return explain_timeline(list(lines), policy_of(expected.flags), Path(expected.timeline))


@each_expectation
def test_a_recording_gets_its_verdict_in_time(expected: Expectation) -> None:
    """The outcome and reason that its reader found, from the second on that he found, and hardly later."""
    found = judged(expected, recorded(expected.timeline))
    verdict = found.assessment.verdict
    assert (verdict.outcome, verdict.reason) == (expected.outcome, expected.reason)
    assert verdict.final == (expected.justified is not None)
    if expected.justified is not None:
        assert expected.justified - 0.001 <= found.t <= expected.justified + LATE


@each_expectation
def test_a_verdict_that_is_no_success_names_what_it_rests_on(expected: Expectation) -> None:
    """Evidence and a remedy; the rule that fired is noted with its second."""
    found = judged(expected, recorded(expected.timeline))
    if found.assessment.verdict.outcome != "failed":
        return
    assert found.assessment.verdict.evidence
    assert found.assessment.verdict.remedy
    fired = [each for each in found.noted if each.fired is not None]
    assert expected.reason in {"no-progress", "job-failed", *(each.sign.reason for each in fired)}


@each_expectation
def test_the_evidence_names_what_is_to_blame(expected: Expectation) -> None:
    """The workload, and the pod and the container, as far as the case has them to blame."""
    verdict = judged(expected, recorded(expected.timeline)).assessment.verdict
    if verdict.final and verdict.outcome != "succeeded":
        (as_judged,) = (each for each in CASES[expected.timeline].judged if each.flags == expected.flags)
        assert as_judged.blames in {named(each) for each in verdict.evidence}


FEW = settings(max_examples=3, deadline=None)


@each_expectation
@FEW
@given(seed=st.integers(0, 2**32))
@example(seed=ALL)
def test_lost_events_never_make_a_success_of_it(expected: Expectation, seed: int) -> None:
    """Events may be dropped, all or some: what doesn't succeed with them doesn't without."""
    lost = random.Random(seed)
    lines = [
        each
        for each in recorded(expected.timeline)
        if not isinstance(each.seen, Event) or (seed != ALL and lost.random() < 0.5)
    ]
    outcome = judged(expected, lines).assessment.verdict.outcome
    if expected.outcome != "succeeded":
        assert outcome != "succeeded"
    if expected.outcome == "failed":
        assert outcome in {"failed", "progressing"}


@each_expectation
@FEW
@given(seed=st.integers(0, 2**32))
def test_streams_that_lag_do_not_change_the_outcome(expected: Expectation, seed: int) -> None:
    """Each kind comes by a stream of its own, which may be up to 0.2 s late: the outcome stays, a little later."""
    late = random.Random(seed)
    lags: dict[str, float] = {}
    moved = []
    for number, line in enumerate(recorded(expected.timeline)):
        lag = 0.0 if line.t < 0 else lags.setdefault(type(line.seen).__name__, late.uniform(0, 0.2))
        moved.append((line.t + lag, number, line))
    lines = [Line(t, line.seen, line.gone) for t, _, line in sorted(moved, key=lambda each: each[:2])]
    assert judged(expected, lines).assessment.verdict.outcome == expected.outcome


def test_time_that_goes_back_crashes_nothing() -> None:
    """Lines out of order are judged as if they came when the last one had come."""
    expected = expectations()[0]
    lines = list(recorded(expected.timeline))
    random.Random(1).shuffle(lines)
    assert judged(expected, lines).assessment.verdict.outcome


def test_the_default_policy_is_that_of_a_rollout() -> None:
    """No flags mean the defaults."""
    assert policy_of("") == Policy()


def test_the_recorders_objects_are_read_strictly() -> None:
    """What a recording holds is what the API server sent, as far as verdicts rest on it."""
    with pytest.raises(Exception, match="says nothing of a rollout"):
        parse_strictly({"kind": "Gadget"}, "here")

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from promokit.cluster.objects import Object
from promokit.rollout.verdict import judge
from tests.factories import (
    WORKLOAD,
    container,
    deployment,
    event,
    pod,
    replica_set,
    rolling,
    terminated,
    waiting,
)
from tests.rollout.judging import POLICY, Seen, judged, snapshot

STATES = (
    container(),
    container(ready=False, state=waiting(), image_id=""),
    container(ready=False, state=terminated(1)),
    container(ready=False, state=waiting("CrashLoopBackOff"), last=terminated(1)),
    container(ready=False, state=waiting("CreateContainerConfigError", 'secret "x" not found')),
    container(ready=False, state=waiting("InvalidImageName", "no"), image_id=""),
)
OTHERS: tuple[Object, ...] = (
    deployment(),
    rolling(),
    rolling(ready=3),
    event("FailedCreate", "exceeded quota", uid="rs2", count=2),
    event("FailedCreate", "violates PodSecurity", uid="rs2", count=2),
    event("FailedCreate", "failed calling webhook", uid="rs2", count=3),
)
STEP = st.tuples(
    st.sampled_from([0.1, 1.0, 4.0, 12.0]),
    st.sampled_from([*range(2 * len(STATES)), *(-1 - each for each in range(len(OTHERS)))]),
    st.booleans(),
)


def _told(steps: list[tuple[float, int, bool]]) -> list[Seen]:
    """A rollout's story: times that grow, two pods whose restarts only grow, events, and Deployments."""
    seen: list[Seen] = [(0.0, rolling()), (0.0, replica_set())]
    t, restarts = 0.0, {"new-1": 0, "new-2": 0}
    for pause, what, again in steps:
        t += pause
        if what < 0:
            seen.append((t, OTHERS[-1 - what]))
            continue
        name = "new-1" if what % 2 else "new-2"
        restarts[name] += again
        seen.append((t, pod(name, evolve(STATES[what // 2], restarts=restarts[name]))))
    return seen


STORIES = st.lists(STEP, min_size=1, max_size=10).map(_told)


def _key(seen: Object) -> tuple[str, str]:
    return type(seen).__name__, seen.uid


def _last_of_each(story: list[Seen]) -> set[int]:
    return set({_key(seen): index for index, (_, seen) in enumerate(story)}.values())


@given(STORIES, st.lists(st.booleans(), min_size=12, max_size=12))
def test_what_is_not_seen_never_turns_a_failure_into_success(story: list[Seen], keep: list[bool]) -> None:
    """Events and intermediate states may be lost: the final states still don't make a success of a failure."""
    now = story[-1][0]
    if judged(now, *story).verdict.outcome != "failed":
        return
    kept = _last_of_each(story)
    fewer = [each for index, each in enumerate(story) if (index in kept and _key(each[1])[0] != "Event") or keep[index]]
    assert judged(now, *fewer).verdict.outcome in {"failed", "progressing"}


@given(STORIES, st.permutations(["Pod", "Controller", "ReplicaSet", "Event"]))
def test_the_order_of_two_streams_does_not_change_the_outcome(story: list[Seen], order: list[str]) -> None:
    """What comes by different streams at about the same time may come in any order."""
    now = story[-1][0]
    other = sorted(story, key=lambda each: (each[0], order.index(_key(each[1])[0])))
    streams = [each for kind in order for each in story if _key(each[1])[0] == kind]
    assert judged(now, *other) == judged(now, *story)
    assert judged(now, *streams).verdict.outcome == judged(now, *story).verdict.outcome


@given(STORIES, st.lists(st.floats(-100, 2000), min_size=1, max_size=5))
def test_a_clock_that_jumps_crashes_nothing(story: list[Seen], times: list[float]) -> None:
    """Time may go backwards: there is a verdict at any time, and a time to look again."""
    known = snapshot([(t + times[0], seen) for t, seen in story])
    for now in times:
        assert judge(known, WORKLOAD, POLICY, now).look_again <= max(now, POLICY.timeout)


@given(STORIES)
def test_a_final_verdict_has_evidence_and_a_remedy(story: list[Seen]) -> None:
    """Each failure says what it rests on and what to do."""
    verdict = judged(story[-1][0], *story).verdict
    if verdict.outcome == "failed":
        assert verdict.evidence
        assert verdict.remedy

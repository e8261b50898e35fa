"""A dump shows one moment: what is amiss in what was complete for long has only just begun, as far as it tells."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from promokit.cluster.objects import (
    TEMPLATE_GENERATION,
    Condition,
    Container,
    Controller,
    Object,
    Pod,
    ReplicaSet,
    State,
)
from promokit.model import Workload
from promokit.rollout.dating import dated, policy_for
from promokit.rollout.verdict import judge
from tests.factories import NOW, container, deployment, pod, replica_set, running, terminated, waiting
from tests.rollout.judging import policy

LONG = 7200.0
OUTAGE = 'Internal error occurred: failed calling webhook "policy.example.com"'
CREATING = container(ready=False, state=waiting(), image_id="")


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def told(controller: Controller, *others: Object) -> str:
    snapshot, at = dated([controller, *others], controller, NOW, 10.0)
    workload = Workload("main-app", "main-app", controller.kind)
    verdict = judge(snapshot, workload, policy_for(controller, policy()), at).verdict
    return f"{verdict.outcome}: {verdict.reason}"


def since(seconds: float, name: str, *parts: Container, ready_for: float = LONG, **changes: Any) -> Pod:
    parts = parts or (container(state=running(ago(seconds))),)
    condition = Condition("Ready", "True" if all(each.ready for each in parts) else "False", since=ago(ready_for))
    return pod(name, *parts, conditions=(condition,), **{"created": ago(seconds), **changes})


def progressing(reason: str, seconds: float) -> Condition:
    return Condition("Progressing", "True", reason, since=ago(seconds))


def made(revision: str, seconds: float, **changes: Any) -> ReplicaSet:
    return replica_set(revision, created=ago(seconds), **changes)


COMPLETE = progressing("NewReplicaSetAvailable", LONG)
OLD = (since(LONG, "new-1"), since(LONG, "new-2"))


def test_a_rollback_is_no_older_than_what_it_replaces() -> None:
    """Its own pods may be months old."""
    back = deployment(total=3, conditions=(progressing("ReplicaSetUpdated", 3),))
    bad = since(60, "bad", container(ready=False, restarts=3, last=terminated(1)), owner="rs1")
    assert told(back, made("2", LONG), made("1", 60), *OLD, bad) == "progressing: waiting"


def test_a_pod_that_cannot_be_made_again_is_no_rollout_that_took_too_long() -> None:
    """The rollout was complete long ago; a pod was evicted, and the webhook is away."""
    failure = Condition("ReplicaFailure", "True", "FailedCreate", OUTAGE, ago(5))
    one_less = deployment(total=1, updated=1, ready=1, available=1, conditions=(COMPLETE,))
    assert told(one_less, made("2", LONG, conditions=(failure,)), OLD[0]) == "progressing: waiting"


def test_a_scale_that_has_just_begun_is_no_rollout_that_took_too_long() -> None:
    """An HPA has asked for more this second."""
    counts: dict[str, Any] = {"total": 2, "updated": 2, "ready": 2, "available": 2}
    more = deployment(wanted=4, generation=3, observed_generation=2, conditions=(COMPLETE,), **counts)
    assert told(more, made("2", LONG), *OLD) == "progressing: waiting"


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_a_pod_that_is_still_to_be_made_is_no_rollout_that_took_too_long(kind: Any) -> None:
    """A node has come, or a pod was evicted."""
    marks: dict[str, Any] = {"update_revision": "2", "current_revision": "2", "annotations": {TEMPLATE_GENERATION: "2"}}
    one_less = deployment(kind=kind, wanted=3, total=2, updated=2, ready=2, available=2, progress_seconds=None, **marks)
    pods = [since(LONG, name, owner=one_less.uid, revision="2") for name in ("a", "b")]
    assert told(one_less, *pods) == "progressing: waiting"


def test_a_stateful_set_that_goes_back_is_no_rollout_that_took_too_long() -> None:
    """Most of its pods have had the template all the time."""
    marks: dict[str, Any] = {"update_revision": "good", "current_revision": "good"}
    back = deployment(kind="StatefulSet", wanted=3, updated=2, ready=2, available=2, progress_seconds=None, **marks)
    pods = [since(LONG, name, owner=back.uid, revision="good") for name in ("a", "b")]
    bad = since(60, "c", CREATING, owner=back.uid, revision="bad", deleting=True)
    assert told(back, *pods, bad) == "progressing: waiting"


def test_restarts_of_long_ago_are_no_cause_of_a_probe_that_fails_now() -> None:
    """The container has run ever since."""
    once = container(restarts=3, last=terminated(1), ready=False, state=running(ago(LONG)))
    there = deployment(ready=1, available=1, conditions=(COMPLETE,))
    assert told(there, made("2", LONG), OLD[0], since(LONG, "new-2", once, ready_for=5)) == "progressing: waiting"
    anew = container(restarts=3, last=terminated(1), ready=False, state=running(ago(3)))
    assert told(there, made("2", LONG), OLD[0], since(LONG, "new-2", anew, ready_for=5)) == "failed: crash-loop"


@pytest.mark.parametrize(("ran_for", "verdict"), [(LONG, "progressing: stabilizing"), (30, "failed: crash-loop")])
def test_a_restart_after_a_long_run_is_the_first(ran_for: float, verdict: str) -> None:
    """Those before it are of another day, however many there were."""
    end = State("terminated", "Error", "", 1, ago(4 + ran_for), ago(4))
    once = since(LONG * 9, "new-2", container(restarts=5, last=end, state=running(ago(4))), ready_for=3)
    assert told(deployment(conditions=(COMPLETE,)), made("2", LONG * 9), OLD[0], once) == verdict


def test_a_node_that_was_away_has_crashed_nothing() -> None:
    """Its pods are back, and nobody saw how their containers ended."""
    end = State("terminated", "Unknown", "", 255, ago(LONG), ago(10))
    parts = [container(each, restarts=1, last=end, state=running(ago(4))) for each in ("main-app", "proxy")]
    back = since(LONG * 9, "new-2", *parts, ready_for=3)
    assert told(deployment(conditions=(COMPLETE,)), made("2", LONG * 9), OLD[0], back) == "progressing: stabilizing"


def test_an_init_container_that_worked_long_has_done_its_work() -> None:
    """Two of them, a quarter of an hour each."""
    end = State("terminated", "Completed", "", 0, ago(1000), ago(100))
    inits = [container(name, init=True, state=end) for name in ("prepare", "load")]
    begun = since(1100, "new-2", *inits, container(ready=False, state=running(ago(90))), ready_for=1100)
    assert told(deployment(ready=1, available=1), made("2", 1200), OLD[0], begun) != "failed: init-failed"

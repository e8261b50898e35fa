"""Whom a deadline that is over names: the pods that a rollout waits for."""

from __future__ import annotations

from typing import Any

from promokit.cluster.objects import Condition, Controller, Pod
from promokit.model import Workload
from promokit.rollout.judgement import Evidence
from promokit.rollout.verdict import judge
from tests.factories import container, deployment, event, failing, pod, replica_set, rolling, terminated, waiting
from tests.rollout.judging import Seen, judged, policy, snapshot

CRASHED = container(ready=False, state=waiting("CrashLoopBackOff"), restarts=7, last=terminated(3))
BROKEN = pod("main-0", CRASHED, owner="main-app-uid", revision="before")


def stateful_set() -> Controller:
    counts: dict[str, Any] = {"updated": 0, "ready": 1, "available": 1, "progress_seconds": None}
    return deployment(kind="StatefulSet", update_revision="after", current_revision="before", **counts)


def named(*seen: Seen, kind: str = "StatefulSet") -> list[Evidence]:
    """Return the pods that the verdict at the timeout names."""
    workload = Workload("main-app", "main-app", kind)  # type: ignore[arg-type]
    verdict = judge(snapshot(seen), workload, policy(), 900.0).verdict
    assert verdict.outcome == "timed_out"
    return [each for each in verdict.evidence if each.pod]


def test_a_stateful_set_that_waits_for_a_broken_pod_of_before_names_it() -> None:
    """The controller replaces no pod before it is Ready, nor the next one: a person has to delete it."""
    fine = pod("main-1", owner="main-app-uid", revision="before")
    (blocking,) = named((0.0, BROKEN), (0.0, fine), (0.1, stateful_set()))
    assert (blocking.pod, blocking.container, blocking.exit_code) == ("main-0", "main-app", 3)
    assert blocking.message == "isn't Ready, of the template before: CrashLoopBackOff"


def test_a_pod_that_does_not_end_is_named_with_its_node() -> None:
    """A DaemonSet's next pod on a node is made when the one before has gone; a lost node never says so."""
    stuck = pod("main-2", owner="main-app-uid", revision="1", deleting=True, node="lost")
    marked = {"deprecated.daemonset.template.generation": "2"}
    daemons = deployment(kind="DaemonSet", updated=1, progress_seconds=None, annotations=marked)
    new = pod("main-3", owner="main-app-uid", revision="2")
    (blocking,) = named((0.0, stuck), (0.1, daemons), (1.0, new), kind="DaemonSet")
    assert (blocking.pod, blocking.message) == ("main-2", "hasn't ended yet on node lost, of the template before")


def test_old_pods_are_not_blamed_while_all_new_ones_are_there() -> None:
    """What is missing then is the new ones' readiness, by the newest word of their probes."""
    late: list[Pod] = [failing("new-1"), failing("new-2")]
    said = event("Unhealthy", "Readiness probe failed: 503", uid="new-1-uid")
    old = pod("old-1", CRASHED, owner="rs1")
    seen: list[Seen] = [(0.0, rolling(updated=2, total=3)), (0.0, replica_set("1")), (0.0, replica_set()), (0.0, old)]
    seen += [(1.0, late[0]), (1.0, late[1]), (2.0, said)]
    evidence = judged(900.0, *seen).verdict.evidence
    assert [(each.pod, each.message) for each in evidence if each.pod] == [
        ("new-1", "Readiness probe failed: 503"),
        ("new-2", "isn't Ready"),
    ]


def test_a_readiness_gate_that_is_missing_is_told_in_the_conditions_words() -> None:
    """All containers are Ready, and the pod isn't."""
    gate = "the status of pod readiness gate example.com/lb is not True"
    held = pod("new-1", conditions=(Condition("Ready", "False", "ReadinessGatesNotReady", gate),))
    seen: list[Seen] = [(0.0, rolling(updated=2, total=3)), (0.0, replica_set()), (1.0, held)]
    assert [each.message for each in judged(900.0, *seen).verdict.evidence if each.pod] == [f"isn't Ready: {gate}"]

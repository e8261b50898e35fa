"""What other pods' ends and a nomination are worth to a pod that no node takes, and to a creation that is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from promokit.cluster.objects import Condition, Event, Pod
from tests.factories import NOW, container, deployment, event, pod, replica_set, rolling, terminated
from tests.rollout.judging import Seen, judged, snapshot, word
from tests.rollout.test_failures import NONE_MADE, PENDING, QUOTA, START, refusal, story

OLD = (0.05, replica_set("1"))


def pending(message: str) -> Pod:
    condition = Condition("PodScheduled", "False", "Unschedulable", message)
    return evolve(PENDING, conditions=(condition,))


def ending(name: str = "old-1", owner: str = "rs1", grace: int = 30) -> Pod:
    return pod(name, owner=owner, deleting=True, grace=grace)


def test_a_pod_that_is_nominated_waits_for_the_pods_that_give_way() -> None:
    """The scheduler has found it a node, and ends others there: only the deadline ends the wait."""
    nominated = evolve(PENDING, nominated=True)
    assert word(100.0, *story((1.0, PENDING), (1.1, nominated))) == "progressing: waiting"
    assert word(600.5, *story((1.0, nominated))) == "failed: no-progress"


def test_a_nomination_that_is_taken_back_starts_the_wait_anew() -> None:
    """Twenty seconds from when no node was on its way any more."""
    taken_back = story((1.0, PENDING), (1.1, evolve(PENDING, nominated=True)), (30.0, PENDING))
    assert word(49.9, *taken_back) == "progressing: waiting"
    assert word(50.0, *taken_back) == "failed: unschedulable"


def test_the_end_of_another_workloads_pods_is_not_waited_for() -> None:
    """Whoever else ends pods in the namespace doesn't put off the verdict."""
    assert word(21.0, *story((0.9, ending("other", owner="rs9")), (1.0, PENDING))) == "failed: unschedulable"


def test_a_pod_that_is_stuck_while_it_ends_makes_no_room() -> None:
    """A finalizer holds it long after its grace is over."""
    stuck = story(OLD, (1.0, ending(grace=30)), (1.0, PENDING))
    assert word(40.9, *stuck) == "progressing: waiting"
    assert word(41.0, *stuck) == "failed: unschedulable"


@pytest.mark.parametrize(
    "message",
    [
        "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
        "0/1 nodes are available: 1 node(s) had untolerated taint {dedicated: batch}.",
        "0/1 nodes are available: 1 node(s) had untolerated taint(s).",
        "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
    ],
)
def test_room_is_no_help_to_a_pod_that_no_node_may_take(message: str) -> None:
    """A selector, a taint or a claim is the same when the old pods have gone."""
    assert word(21.0, *story(OLD, (0.9, ending()), (1.0, pending(message)))) == "failed: unschedulable"


@pytest.mark.parametrize(
    "message",
    ["0/1 nodes are available: 1 Insufficient memory.", "0/1 nodes are available: 1 node(s) didn't have free ports."],
)
def test_old_pods_that_end_make_room_where_it_is_missing(message: str) -> None:
    """Until ten seconds after the last has gone."""
    assert word(30.0, *story(OLD, (0.9, ending()), (1.0, pending(message)))) == "progressing: waiting"


@pytest.mark.parametrize(
    "message",
    [
        "0/2 nodes are available: 1 had untolerated taint {node.kubernetes.io/unreachable}, 1 Insufficient cpu.",
        "0/2 nodes are available: 1 Too many pods, 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.",
    ],
)
def test_a_node_that_is_away_is_waited_for_as_long_as_kubernetes_does(message: str) -> None:
    """It starts anew, or is lost: five minutes."""
    assert word(300.9, *story((1.0, pending(message)))) == "progressing: waiting"
    assert word(301.0, *story((1.0, pending(message)))) == "failed: unschedulable"


def test_a_node_that_is_cordoned_is_not_waited_for() -> None:
    """That stays so until a person acts."""
    message = "0/1 nodes are available: 1 node(s) were unschedulable."
    assert word(20.9, *story((1.0, pending(message)))) == "progressing: waiting"
    assert word(21.0, *story((1.0, pending(message)))) == "failed: unschedulable"


def test_a_quota_is_not_waited_for_behind_a_stuck_pod() -> None:
    """What should have ended long ago gives nothing back, and the verdict says when it will be due."""
    seen: list[Seen] = [*NONE_MADE, OLD, (0.5, refusal(QUOTA, 5)), (0.5, ending(grace=10))]
    judgement = judged(1.0, *seen)
    assert (judgement.verdict.outcome, judgement.look_again) == ("progressing", 20.5)
    assert word(20.5, *seen) == "failed: quota"


def test_a_quota_waits_for_ending_pods_that_only_the_deployment_tells_of() -> None:
    """Pods come by a stream of their own, which may be behind."""
    behind = rolling(terminating=1, updated=0, total=1)
    assert word(1.0, *START, (0.3, behind), (0.5, refusal(QUOTA, 5))) == "progressing: waiting"


ACCOUNT = 'pods "x" is forbidden: error looking up service account team/app: serviceaccount "app" not found'


def test_a_missing_service_account_fails_after_three_seconds() -> None:
    """It may be on its way for a moment, as a ConfigMap may; the controller tries again within milliseconds."""
    seen = story((0.5, refusal(ACCOUNT, 2)))
    assert word(3.4, *seen) == "progressing: waiting"
    assert word(3.5, *seen) == "failed: creation-refused"


def test_a_service_account_that_came_is_no_failure() -> None:
    """A pod was made since."""
    assert word(9.0, *story((0.5, refusal(ACCOUNT, 6)), (1.5, pod("new-1", ready=False)))) == "progressing: waiting"


FAILING = Condition("ReplicaFailure", "True", "FailedCreate", 'pods "x" is forbidden: violates PodSecurity')


def test_a_refusal_whose_events_are_lost_fails_once_it_has_lasted() -> None:
    """The ReplicaSet's condition is taken back as soon as it has made a pod: after seconds it was refused again."""
    refused = (0.1, replica_set(conditions=(FAILING,)))
    assert word(3.0, (0.0, rolling()), refused) == "progressing: waiting"
    assert word(3.1, (0.0, rolling()), refused) == "failed: creation-refused"
    assert word(9.0, (0.0, rolling()), refused, (2.0, replica_set())) == "progressing: waiting"


@pytest.mark.parametrize("reason", ["FailedDelete", "FailedCreate"])
def test_an_outage_in_the_condition_is_no_refusal(reason: str) -> None:
    """Nor is a pod that can't be deleted."""
    message = "failed calling webhook" if reason == "FailedCreate" else "it is protected"
    condition = evolve(FAILING, reason=reason, message=message)
    assert word(60.0, (0.0, rolling()), (0.1, replica_set(conditions=(condition,)))) == "progressing: waiting"


def test_refusals_of_before_the_change_are_not_counted_whenever_they_are_first_seen() -> None:
    """Their own times tell: Events of an hour come by a stream that may be late."""
    hour_ago = NOW - timedelta(hours=1)
    before = evolve(refusal(QUOTA, 5), first=hour_ago, last=hour_ago)
    made = (0.1, replica_set(created=NOW))
    assert word(1.0, NONE_MADE[0], made, (0.5, before)) == "progressing: waiting"
    again = evolve(before, count=7, last=NOW + timedelta(seconds=1))
    assert word(2.0, NONE_MADE[0], made, (0.5, before), (1.2, again)) == "failed: quota"


def test_of_a_refusal_that_has_gone_on_since_before_only_the_newest_is_sure() -> None:
    """Five of it may be of before; the sixth isn't, and the seventh is the second."""
    hour_ago = NOW - timedelta(hours=1)
    goes_on = evolve(refusal(QUOTA, 6), first=hour_ago, last=NOW)
    made = (0.1, replica_set(created=NOW))
    assert word(1.0, NONE_MADE[0], made, (0.5, goes_on)) == "progressing: waiting"
    assert word(2.0, NONE_MADE[0], made, (0.5, goes_on), (1.0, evolve(goes_on, count=7))) == "failed: quota"


def test_restarts_of_a_pod_that_is_older_than_the_change_are_of_before() -> None:
    """After an undo the pods may be seen late: when they were made tells."""
    veteran = pod("new-1", container(restarts=5, last=terminated(1)), created=NOW - timedelta(hours=1))
    asked = evolve(event("FailedCreate", uid="rs2"), last=NOW)
    assert word(3.0, (0.0, rolling()), (0.1, replica_set()), (0.2, asked), (3.0, veteran)) == "progressing: waiting"


def test_the_old_replica_set_is_not_the_new_one_while_recreate_ends_its_pods() -> None:
    """The Deployment's newest revision is still that of before; its images aren't."""
    stale = deployment(updated=0, total=0, annotations={"deployment.kubernetes.io/revision": "1"})
    known = snapshot([(0.0, replica_set("1", images={"main-app": "before"})), (0.1, stale)])
    assert known.current(stale) is None


PLACED = pod("new-2", container(ready=False))


@pytest.mark.parametrize(
    ("refused", "made", "failure"),
    [(PENDING, 1, "failed: unschedulable"), (refusal(QUOTA, 9), 0, "failed: quota")],
    ids=["node", "quota"],
)
@pytest.mark.parametrize("limits", [{"max_unavailable": 1}, {"wanted": 3}], ids=["by-unavailable", "by-surge"])
def test_a_new_pod_on_its_way_to_ready_will_make_room(
    refused: Pod | Event, made: int, failure: str, limits: dict[str, Any]
) -> None:
    """Where there is room for one more at a time, old pods go as new ones become available, however slowly."""
    full = deployment(**{"wanted": 4, "total": 3 + made, "updated": made, "ready": 3, "available": 3, **limits})
    begun: list[Seen] = [(0.0, full), (0.1, replica_set()), (1.0, refused)]
    assert word(60.0, *begun) == failure
    begun += [(1.1, evolve(full, total=4 + made, updated=made + 1))]
    assert word(60.0, *begun) == "progressing: waiting"
    assert word(60.0, *begun, (1.2, PLACED)) == "progressing: waiting"
    available = evolve(full, total=4 + made, updated=made + 1, ready=4, available=4)
    assert word(60.0, *begun, (40.0, pod("new-2")), (40.1, available)) == "progressing: waiting"


def test_a_new_pod_makes_no_room_where_no_old_one_may_go_for_it() -> None:
    """With it, just as many are available as must be: what is refused now stays refused."""
    stuck = deployment(wanted=4, total=3, updated=1, ready=2, available=2, max_unavailable=1)
    seen: list[Seen] = [(0.0, stuck), (0.1, replica_set()), (1.0, refusal(QUOTA, 9)), (1.1, PLACED)]
    assert word(2.0, *seen) == "failed: quota"

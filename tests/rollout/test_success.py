from typing import Any

import pytest
from attrs import evolve

from promokit.cluster.objects import TEMPLATE_GENERATION, Condition, Object
from promokit.model import Workload
from promokit.outcome import EXIT_CODES, Outcome
from promokit.rollout.judgement import Verdict, combine
from promokit.rollout.reasons import REMEDIES
from promokit.rollout.verdict import judge, steady
from tests.factories import WORKLOAD, container, deployment, image, pod, replica_set, rolling, running, terminated
from tests.rollout.judging import Seen, judged, policy, snapshot, word

READY_REVISION = {"deployment.kubernetes.io/revision": "2"}
TWO = (pod("new-1"), pod("new-2"))
READY: list[Seen] = [(1.0, deployment()), (0.1, replica_set()), (1.0, TWO[0]), (3.0, TWO[1])]


def test_a_complete_rollout_succeeds_once_its_last_pod_was_ready_for_the_window() -> None:
    """Success is kubectl's rule and then stable-for, counted a pod from its own Ready."""
    assert word(12.9, *READY) == "progressing: stabilizing"
    assert word(13.0, *READY) == "succeeded: complete"


def test_the_next_look_is_at_the_end_of_the_stability_window() -> None:
    """The verdict says when it would fall if nothing happened."""
    assert judged(5.0, *READY).look_again == 13.0


def test_no_window_means_success_at_completion() -> None:
    """stable-for 0 turns the window off."""
    assert word(3.0, *READY, by=policy(stable_for=0)) == "succeeded: complete"


def test_a_complete_deployment_whose_pods_are_not_seen_yet_is_no_success() -> None:
    """Pods come by another stream than the Deployment: what wasn't seen proves nothing."""
    assert word(60.0, (1.0, deployment()), (0.1, replica_set()), (1.0, TWO[0])) == "progressing: stabilizing"


def test_a_lost_readiness_starts_the_window_anew() -> None:
    """A new pod that wasn't Ready for a moment has to stay Ready for the whole window again."""
    flapped = [*READY, (9.0, pod("new-2", ready=False)), (9.5, TWO[1])]
    assert word(13.0, *flapped) == "progressing: stabilizing"
    assert word(19.5, *flapped) == "succeeded: complete"


def test_a_restart_starts_the_window_anew() -> None:
    """One crash is no failure, but nothing that restarted inside the window counts as stable."""
    again = pod("new-2", container(restarts=1, last=terminated(1)))
    assert word(13.0, *READY, (8.0, again)) == "progressing: stabilizing"
    assert word(18.0, *READY, (8.0, again)) == "succeeded: complete"


def test_an_old_replica_that_is_still_there_is_no_success() -> None:
    """kubectl's rule: none of the old ones may be left."""
    assert word(60.0, *READY, (4.0, deployment(total=3))) == "progressing: waiting"


def test_replicas_that_are_updated_but_not_available_are_no_success() -> None:
    """Available must have reached updated."""
    assert word(60.0, *READY, (4.0, deployment(available=1))) == "progressing: waiting"


def test_conditions_from_before_our_change_do_not_count() -> None:
    """A status that hasn't observed our generation says nothing of our rollout, not even failure."""
    stale = Condition("Progressing", "False", "ProgressDeadlineExceeded")
    seen: list[Seen] = [(0.0, deployment(observed_generation=1, conditions=(stale,))), *READY[1:]]
    assert word(30.0, *seen) == "progressing: waiting"


def test_a_wanted_number_that_moves_is_followed() -> None:
    """An autoscaler may move the replicas: wanted is read each time, and isn't interference."""
    scaled = deployment(generation=3, wanted=3)
    assert word(30.0, *READY, (5.0, scaled)) == "progressing: stabilizing"
    assert word(30.0, *READY, (5.0, scaled), (6.0, pod("new-3"))) == "succeeded: complete"


def test_an_annotation_is_no_interference() -> None:
    """Only the pod template is ours to compare."""
    assert word(30.0, *READY, (5.0, deployment(generation=4, annotations={"x": "y", **READY_REVISION}))) == (
        "succeeded: complete"
    )


def test_another_template_is_superseded() -> None:
    """Somebody else set another image or environment meanwhile: this rollout can't be judged any more."""
    assert word(30.0, *READY, (5.0, deployment(template="theirs"))) == "inconclusive: superseded"


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ([deployment(template="theirs", generation=3)], f"another pod template since generation 3: main-app {image()}"),
        ([evolve(deployment(), uid="another")], "it was made anew"),
        ([], "it was deleted"),
        ([rolling(paused=True)], "2 wanted: 1 updated, 2 ready, 2 available, 2 old still there"),
        ([deployment(observed_generation=1)], "its controller has seen generation 1 of 2"),
        ([deployment(), replica_set(), TWO[0]], "complete, and 1 of 2 new pods seen Ready"),
        ([deployment(), replica_set(), *TWO], "complete, and stable at 909.0s if nothing breaks"),
    ],
    ids=["superseded", "made-anew", "deleted", "paused", "unobserved", "unseen", "unstable"],
)
def test_what_ends_without_a_verdict_on_the_image_says_what_is_there(seen: list[Object], words: str) -> None:
    """A word alone tells nobody what to look at."""
    ended = judged(900.0, *[(899.0, each) for each in seen], by=policy(uid="main-app-uid" if seen else ""))
    assert ended.verdict.outcome in {"inconclusive", "timed_out"}
    assert [each.message for each in ended.verdict.evidence] == [words]


def test_a_deployment_that_is_gone_was_replaced() -> None:
    """Deleted meanwhile: nothing is claimed."""
    assert word(5.0) == "inconclusive: replaced"


def test_a_deployment_made_anew_was_replaced() -> None:
    """One of the same name and template but another UID isn't the one that was changed."""
    anew = evolve(deployment(), uid="another")
    assert word(30.0, (5.0, anew), by=policy(uid="main-app-uid")) == "inconclusive: replaced"


def test_a_paused_deployment_is_inconclusive() -> None:
    """A paused Deployment doesn't roll out; one that was paused when all had been done can still be judged."""
    assert word(5.0, (0.0, rolling(paused=True))) == "inconclusive: paused"
    assert word(13.0, *READY, (4.0, deployment(paused=True))) == "succeeded: complete"


def test_a_cause_that_is_proven_outweighs_a_pause() -> None:
    """Who pauses a rollout because it crashes still learns that it does."""
    crashed = pod("new-1", container(ready=False, state=terminated(1), restarts=1))
    assert word(5.0, (0.0, rolling(paused=True)), (0.1, replica_set()), (2.0, crashed)) == "failed: crash-loop"


def test_restarts_of_old_pods_do_not_count() -> None:
    """Only pods that the new ReplicaSet owns are judged."""
    old = pod("old-1", container(restarts=9, ready=False, state=terminated(1)), owner="rs1")
    assert word(13.0, *READY, (2.0, replica_set("1")), (2.0, old), (4.0, old)) == "succeeded: complete"


def test_a_pod_that_only_shares_labels_does_not_count() -> None:
    """Ownership by UID decides, so a Job's pod neither fails nor proves a rollout."""
    job_pod = pod("db-migrate-x", container(ready=False, state=terminated(1), restarts=5), owner="job-uid")
    assert word(13.0, *READY, (4.0, job_pod)) == "succeeded: complete"


def test_a_pod_that_was_taken_out_by_its_labels_is_no_new_one_any_more() -> None:
    """Its ReplicaSet has let go of it and made another: somebody wants to look at it."""
    broken = pod("new-0", container(restarts=1, ready=False, last=terminated(1)))
    seen: list[Seen] = [*READY, (0.5, broken), (0.6, evolve(broken, owner=""))]
    assert word(13.0, *sorted(seen, key=lambda it: it[0])) == "succeeded: complete"


def test_a_deployment_of_none_is_complete_at_once() -> None:
    """Scaled to zero there is nothing to wait for."""
    assert word(1.0, (1.0, deployment(wanted=0)), (1.0, replica_set())) == "succeeded: complete"


def test_steady_judges_what_stands_without_a_change_of_ours() -> None:
    """A complete Deployment with Ready pods is healthy, whatever restarts it had before; a pod short isn't."""
    veteran = pod("new-1", container(restarts=7, state=running(), last=terminated(137)))
    healthy = snapshot([(0.0, deployment()), (0.0, replica_set()), (0.0, veteran), (0.0, TWO[1])])
    assert steady(healthy, WORKLOAD).outcome == "succeeded"
    short = snapshot([(0.0, rolling()), (0.0, replica_set()), (0.0, veteran)])
    assert steady(short, WORKLOAD).outcome == "progressing"


def test_steady_tells_a_missing_deployment() -> None:
    """What isn't there is not healthy; nobody replaced it."""
    missing = steady(snapshot([]), Workload("nowhere", "x"))
    assert (missing.outcome, missing.reason) == ("inconclusive", "no-workload")
    assert missing.evidence[0].message == "there is no deployment/nowhere"


def test_the_worst_verdict_decides_for_all_workloads() -> None:
    """One failure fails all; all must have succeeded to succeed; a progressing one keeps them going."""
    words = ("failed", "inconclusive", "timed_out", "progressing", "succeeded")
    for index, worst in enumerate(words):
        verdicts = [Verdict(Outcome(each), "waiting") for each in reversed(words[index:])]
        assert combine(verdicts, 7.0).outcome == worst


def test_every_outcome_has_its_exit_code() -> None:
    """The exit codes of verdicts are the public ones."""
    assert {str(key): value for key, value in EXIT_CODES.items()} == {
        "progressing": 0,
        "succeeded": 0,
        "failed": 1,
        "timed_out": 4,
        "inconclusive": 5,
    }


def test_every_reason_that_is_no_success_has_a_remedy() -> None:
    """Only waiting, complete, stabilizing and running leave nothing to do."""
    assert {reason for reason, remedy in REMEDIES.items() if not remedy} == {
        "waiting",
        "complete",
        "stabilizing",
        "running",
    }


def test_a_partition_that_keeps_nothing_old_is_complete() -> None:
    """At rest, and after an undo to the revision that the kept pods have, all pods are of the newest one."""
    store = deployment(
        kind="StatefulSet", wanted=3, partition=2, update_revision="main-2", current_revision="main-2", annotations={}
    )
    pods = [(1.0, pod(f"main-{each}", owner=store.uid, revision="main-2")) for each in range(3)]
    by = policy(stable_for=0)
    workload = Workload("main-app", "main-app", "StatefulSet")
    assert judge(snapshot([(0.5, store), *pods]), workload, by, 2.0).verdict.outcome == "succeeded"


@pytest.mark.parametrize(
    ("changes", "reason"), [({"on_delete": True}, "on-delete"), ({"partition": 2}, "all-kept")], ids=str
)
def test_a_stateful_set_that_rolls_nothing_out_is_no_success(changes: dict[str, Any], reason: str) -> None:
    """kubectl calls a partition that keeps all pods complete: none of them runs what was asked for."""
    workload = Workload("main-app", "main-app", "StatefulSet")
    store = deployment(kind="StatefulSet", updated=0, update_revision="main-2", current_revision="main-1", **changes)
    verdict = judge(snapshot([(0.5, store)]), workload, policy(stable_for=0), 2.0).verdict
    assert (verdict.outcome, verdict.reason) == ("inconclusive", reason)
    assert verdict.evidence[0].message


def test_a_daemon_set_that_went_back_succeeds_with_the_pods_that_were_never_replaced() -> None:
    """The rollback came before the bad image was on every node."""
    back = deployment(kind="DaemonSet", annotations={TEMPLATE_GENERATION: "3"})
    kept = pod("kept", owner=back.uid, revision="1", template="good")
    anew = pod("anew", owner=back.uid, revision="3", template="good")
    workload = Workload("main-app", "main-app", "DaemonSet")
    seen: list[Seen] = [(-1.0, kept), (0.5, back), (1.0, anew)]
    assert judge(snapshot(seen), workload, policy(stable_for=10), 11.0).verdict.outcome == "succeeded"

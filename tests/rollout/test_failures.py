from typing import Any

import pytest

from promokit.cluster.objects import Condition, Event, Object
from promokit.rollout.judgement import Evidence
from tests.factories import (
    container,
    deployment,
    event,
    failing,
    pod,
    replica_set,
    rolling,
    running,
    terminated,
    waiting,
)
from tests.rollout.judging import Seen, judged, policy, word

START: list[Seen] = [(0.0, rolling()), (0.1, replica_set())]
NONE_MADE: list[Seen] = [(0.0, rolling(updated=0, total=2)), (0.1, replica_set())]
REFERENCE = "registry.example.com/app:2026.11.24.0401@sha256:" + "401403" * 10 + "aaaa"
NOT_FOUND = (
    f'Failed to pull image "{REFERENCE}": rpc error: code = NotFound desc = failed to pull and unpack image '
    f'"{REFERENCE}": failed to resolve reference "{REFERENCE}": {REFERENCE}: not found'
)
FORBIDDEN = (
    f'Failed to pull image "{REFERENCE}": failed to authorize: failed to fetch oauth token: '
    "unexpected status from GET request to https://registry.example.com/token: 403 Forbidden"
)


def story(*seen: tuple[float, Object]) -> list[Seen]:
    return [*START, *seen]


def test_two_terminations_of_one_container_are_a_crash_loop() -> None:
    """The second end decides, with pod, container, exit code and count as evidence."""
    first = failing(state=terminated(3))
    second = failing(state=terminated(3), restarts=1)
    assert word(1.5, *story((0.5, failing(state=waiting())), (1.5, first))) == "progressing: waiting"
    verdict = judged(2.5, *story((0.5, failing(state=waiting())), (1.5, first), (2.5, second))).verdict
    assert (verdict.outcome, verdict.reason) == ("failed", "crash-loop")
    assert verdict.evidence == (Evidence("main-app/main-app", "new-1", "main-app", 3, "Error", 2, "state terminated"),)


def test_an_exit_of_zero_counts_as_a_crash_too() -> None:
    """A server that ends isn't serving, whatever its exit code."""
    done = failing(state=terminated(0, "Completed"), restarts=1)
    assert word(3.0, *story((2.0, done))) == "failed: crash-loop"


def test_a_back_off_counts_without_the_terminated_state_having_been_seen() -> None:
    """restartCount moves only at the next start: a container in back-off has ended once more than it tells."""
    backed_off = failing(state=waiting("CrashLoopBackOff"), restarts=1, last=terminated(1))
    assert word(3.0, *story((3.0, backed_off))) == "failed: crash-loop"


def test_crashes_with_ready_in_between_are_a_crash_loop() -> None:
    """Ready between two ends excuses nothing."""
    ready = pod("new-1", container(restarts=2, last=terminated(1)))
    assert word(40.0, *story((2.0, pod("new-1")), (9.0, ready))) == "failed: crash-loop"


def test_one_crash_is_not_a_failure() -> None:
    """A single end may be bad luck: it is told, and waited on."""
    once = failing(state=terminated(1))
    judgement = judged(5.0, *story((2.0, once)))
    assert judgement.verdict.outcome == "progressing"
    assert judgement.verdict.evidence[0].count == 1


def test_the_number_of_crashes_is_a_setting() -> None:
    """Who expects crashes while something comes up may allow more of them."""
    many = failing(state=terminated(1), restarts=4)
    assert word(3.0, *story((2.0, many)), by=policy(crashes=9)) == "progressing: waiting"


def test_restarts_of_before_the_change_are_not_counted() -> None:
    """A pod that was there when we began to look starts from what it had."""
    had = failing(restarts=5, state=waiting())
    assert word(3.0, *START, (0.0, had), (2.0, failing(restarts=5, state=terminated(1)))) == "progressing: waiting"
    assert word(3.0, *START, (0.0, had), (2.0, failing(restarts=6, state=terminated(1)))) == "failed: crash-loop"


@pytest.mark.parametrize(
    ("probe", "reason"), [("liveness", "liveness-killed"), ("startup", "startup-killed")], ids=["liveness", "startup"]
)
def test_a_container_that_a_probe_kills_is_told_with_the_probes_words(probe: str, reason: str) -> None:
    """How the container then ends says nothing of the cause: one that stops when asked to exits 0."""
    said = f"{probe.title()} probe failed: HTTP probe failed with statuscode: 503"
    killed = event("Killing", f"Container main-app failed {probe} probe, will be restarted", count=2)
    unready = event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", count=9)
    ended = failing(state=running(), restarts=2, last=terminated(0, "Completed"))
    seen = story((1.0, unready), (2.0, event("Unhealthy", said, count=6)), (6.0, killed), (6.5, ended))
    verdict = judged(7.0, *seen).verdict
    assert (verdict.reason, verdict.evidence[0].message) == (reason, f"Completed; {said}")


def test_restarts_of_a_pod_first_seen_right_after_the_change_are_of_before() -> None:
    """After an undo, old pods are the new ones again; a recording may begin a moment after it."""
    had = pod("new-1", container(restarts=5, last=terminated(1)))
    assert word(3.0, *story((0.05, had))) == "progressing: waiting"
    again = pod("new-1", container(restarts=7, last=terminated(1)))
    assert word(30.0, *story((0.05, had), (29.0, again))) == "failed: crash-loop"


@pytest.mark.parametrize("message", ["exec /app: exec format error", 'exec: "app": executable file not found in $PATH'])
def test_a_command_that_cannot_start_is_told_apart_on_its_second_try(message: str) -> None:
    """A wrong architecture or command is no crash of the program; one try isn't enough to say so."""
    state = terminated(128, "StartError", message)
    assert word(1.0, *story((1.0, failing(state=state)))) == "progressing: waiting"
    assert word(3.0, *story((3.0, failing(state=state, restarts=1)))) == "failed: cannot-start"


def test_an_init_container_that_fails_twice_is_told_as_one() -> None:
    """Init containers count, with a reason word of their own."""
    init = container("prepare", init=True, ready=False, state=terminated(1), restarts=1)
    assert (
        word(3.0, *story((3.0, pod("new-1", init, container(ready=False, state=waiting()))))) == "failed: init-failed"
    )


def test_an_init_container_that_ends_well_is_done() -> None:
    """Exit 0 is what an init container is for, also after a failed try."""
    init = container("prepare", init=True, ready=True, state=terminated(0, "Completed"), restarts=1)
    assert word(3.0, *story((3.0, pod("new-1", init, container())))) == "progressing: waiting"


def test_a_sidecar_that_ends_twice_fails_the_rollout() -> None:
    """A sidecar runs as long as its pod: even exit 0 is an end it mustn't have."""
    sidecar = container("proxy", init=True, sidecar=True, ready=False, state=terminated(0), restarts=1)
    assert word(3.0, *story((3.0, pod("new-1", sidecar, container())))) == "failed: crash-loop"


@pytest.mark.parametrize("reason", ["InvalidImageName", "ErrImageNeverPull"])
def test_an_image_that_can_never_be_pulled_fails_at_once(reason: str) -> None:
    """Trying again can't help."""
    assert word(1.0, *story((1.0, failing(state=waiting(reason), image_id="")))) == "failed: image-invalid"


PULLING = failing(state=waiting("ErrImagePull", "not found"), image_id="")


@pytest.mark.parametrize(
    ("exists", "verdict"),
    [("no", "failed: image-not-found"), ("yes", "progressing: waiting"), ("unknown", "progressing: waiting")],
)
def test_an_image_that_is_not_found_fails_only_by_the_registrys_word(exists: str, verdict: str) -> None:
    """To the API a missing image and one that is on its way look the same: the registry tells them apart."""
    seen = story((1.0, PULLING), (0.4, event("Failed", NOT_FOUND, count=3)))
    assert word(2.0, *seen, by=policy(image_exists=exists)) == verdict


def test_the_event_alone_is_enough_for_a_missing_image() -> None:
    """The event comes before the status tells."""
    seen = story((0.3, failing(state=waiting(), image_id="")), (0.4, event("Failed", NOT_FOUND)))
    assert word(0.4, *seen, by=policy(image_exists="no")) == "failed: image-not-found"


def test_a_refused_pull_fails_on_the_second_attempt() -> None:
    """Credentials may be about to be renewed: one refusal is waited on."""
    assert word(2.0, *story((1.0, PULLING), (1.0, event("Failed", FORBIDDEN)))) == "progressing: waiting"
    assert word(2.0, *story((1.0, PULLING), (1.0, event("Failed", FORBIDDEN, count=2)))) == "failed: pull-refused"


def test_numbers_in_the_image_reference_are_no_refusal() -> None:
    """A digest or tag that happens to contain 401 or 403 says nothing about credentials."""
    seen = story((1.0, PULLING), (1.0, event("Failed", NOT_FOUND, count=5)))
    assert word(60.0, *seen, by=policy(image_exists="yes")) == "progressing: waiting"


def test_an_image_that_came_after_all_is_no_failure() -> None:
    """Old events of a pull don't fail a container that has its image."""
    assert word(50.0, *story((1.0, PULLING), (1.0, event("Failed", FORBIDDEN, count=3)), (45.0, pod("new-1")))) == (
        "progressing: waiting"
    )


MISSING = failing(state=waiting("CreateContainerConfigError", 'configmap "missing" not found'))


def test_a_missing_config_fails_after_three_seconds() -> None:
    """It may be on its way for a moment; the verdict names it."""
    assert word(3.9, *story((1.0, MISSING))) == "progressing: waiting"
    verdict = judged(4.0, *story((1.0, MISSING))).verdict
    assert verdict.reason == "config-missing"
    assert "missing" in verdict.evidence[0].message


def test_the_kubelets_cache_being_behind_is_no_missing_config() -> None:
    """`failed to sync configmap cache` is the kubelet's own trouble."""
    behind = failing(state=waiting("CreateContainerConfigError", "failed to sync configmap cache: timed out"))
    assert word(60.0, *story((1.0, behind))) == "progressing: waiting"


PENDING = pod(
    "new-1",
    container(ready=False, state=waiting(), image_id=""),
    conditions=(Condition("PodScheduled", "False", "Unschedulable", "0/1 nodes are available: Insufficient cpu."),),
)


def test_an_unschedulable_pod_fails_after_twenty_seconds() -> None:
    """Room may come for a while."""
    assert word(20.9, *story((1.0, PENDING))) == "progressing: waiting"
    assert word(21.0, *story((1.0, PENDING))) == "failed: unschedulable"


def test_an_autoscaler_that_has_spoken_is_waited_for_until_the_deadline() -> None:
    """A node is on its way: only the deadline ends the wait."""
    seen = story((1.0, PENDING), (5.0, event("TriggeredScaleUp", "pod triggered scale-up")))
    assert word(300.0, *seen) == "progressing: waiting"
    assert word(600.0, *seen) == "failed: no-progress"


def test_a_pod_that_was_scheduled_starts_the_wait_anew() -> None:
    """Only an unbroken wait counts."""
    placed = pod("new-1", container(ready=False, state=waiting()), conditions=(Condition("PodScheduled", "True"),))
    assert word(25.0, *story((1.0, PENDING), (10.0, placed), (12.0, PENDING))) == "progressing: waiting"


def refusal(message: str, count: int = 1) -> Event:
    return event("FailedCreate", message, uid="rs2", count=count)


QUOTA = 'pods "x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3'


def test_a_quota_that_refuses_twice_fails() -> None:
    """One refusal may pass; the second, with nothing about to be freed, doesn't."""
    assert word(1.0, *NONE_MADE, (0.5, refusal(QUOTA))) == "progressing: waiting"
    assert word(1.0, *NONE_MADE, (0.5, refusal(QUOTA, 2))) == "failed: quota"


def test_a_quota_waits_for_pods_that_are_ending() -> None:
    """What ends gives its share back."""
    ending = pod("old-1", owner="rs1", deleting=True)
    assert word(1.0, *story((0.5, refusal(QUOTA, 5)), (0.5, ending))) == "progressing: waiting"


def test_a_creation_that_admission_refuses_twice_fails() -> None:
    """A policy or Pod Security won't change its mind."""
    message = 'pods "x" is forbidden: violates PodSecurity "restricted:latest"'
    assert word(1.0, *story((0.5, refusal(message)))) == "progressing: waiting"
    assert word(1.0, *story((0.5, refusal(message, 2)))) == "failed: creation-refused"


def test_a_webhook_that_is_away_is_no_refusal() -> None:
    """An outage of a webhook passes; the ReplicaSet tries again."""
    message = 'Internal error occurred: failed calling webhook "w.example.com": connection refused'
    assert word(60.0, *story((0.5, refusal(message, 9)))) == "progressing: waiting"


@pytest.mark.parametrize("reason", ["Evicted", "Preempting", "NodeLost", "NodeShutdown"])
def test_what_befalls_a_pod_is_not_the_images_fault(reason: str) -> None:
    """Evictions, preemption and node loss don't fail a rollout."""
    victim = failing(state=terminated(137), restarts=3)
    lost = pod("new-1", *victim.containers, reason=reason, phase="Failed")
    assert word(5.0, *story((2.0, lost))) == "progressing: waiting"


def test_a_pod_on_its_way_out_is_not_judged() -> None:
    """How a deleted pod ends is nobody's failure."""
    leaving = pod("new-1", container(ready=False, state=terminated(143), restarts=2), deleting=True)
    assert word(5.0, *story((2.0, leaving))) == "progressing: waiting"


def test_no_progress_fails_by_our_own_clock_from_the_last_progress() -> None:
    """The deadline begins again with every step forward, and the verdict tells what is missing."""
    seen = story((100.0, rolling(ready=3, available=3)))
    assert word(699.0, *seen) == "progressing: waiting"
    verdict = judged(700.0, *seen).verdict
    assert verdict.reason == "no-progress"
    assert verdict.evidence[0].message == "2 wanted: 1 updated, 3 ready, 3 available, 2 old still there"


@pytest.mark.parametrize(
    "later",
    [{"ready": 1, "available": 1}, {"wanted": 3, "total": 2, "updated": 2, "ready": 2, "available": 2}],
    ids=["a-pod-short", "scaled-up"],
)
def test_the_deadline_begins_anew_with_what_comes_after_completion(later: dict[str, Any]) -> None:
    """A readiness lost, or a pod more wanted, while the pods shall stay Ready for longer than the deadline is."""
    complete = deployment(progress_seconds=20)
    seen: list[Seen] = [(0.0, rolling(progress_seconds=20)), (0.1, replica_set()), (3.0, complete)]
    seen += [(29.0, deployment(progress_seconds=20, **later))]
    assert word(30.0, *seen, by=policy(stable_for=60)) == "progressing: waiting"
    assert word(49.0, *seen, by=policy(stable_for=60)) == "failed: no-progress"


def test_a_rollout_that_takes_longer_than_the_timeout_has_timed_out() -> None:
    """The timeout is no verdict on the image, and has its own exit code."""
    verdict = judged(900.0, *story((850.0, rolling(ready=3)))).verdict
    assert (verdict.outcome, verdict.reason, verdict.exit_code) == ("timed_out", "timeout", 4)


def test_a_status_that_never_comes_times_out() -> None:
    """A controller that is away isn't waited for without end."""
    assert word(900.0, (0.0, deployment(observed_generation=1))) == "timed_out: timeout"


def test_a_cause_that_is_proven_outweighs_the_timeout() -> None:
    """At the timeout a crash loop is still told as one."""
    assert word(901.0, *story((5.0, failing(state=terminated(1), restarts=1)))) == "failed: crash-loop"

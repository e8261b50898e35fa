"""A Job judged by its own conditions, and by pods that can't even begin."""

from __future__ import annotations

import pytest

from promokit.cluster.objects import Condition, Object
from promokit.model import Workload
from promokit.promotion.job_judgement import assess_jobs
from promokit.rollout.policy import Policy
from promokit.rollout.snapshot import Snapshot
from tests.factories import container, event, job, pod, terminated, waiting

JOB = job()
WAITING = container(ready=False, state=waiting(), image_id="")


def said(now: float, *seen: tuple[float, Object], gone: float | None = None) -> str:
    known = Snapshot()
    for t, each in seen:
        known.see(each, t)
    if gone is not None:
        known.forget(JOB.uid, gone)
    jobs = {JOB.uid: Workload(JOB.name, "migrate", "Job")}
    verdict = assess_jobs(known, jobs, Policy(), now).verdict
    return f"{verdict.outcome}: {verdict.reason}"


def of_job(*containers: object, **changes: object) -> Object:
    return pod("new-1", *containers, owner=JOB.uid, **changes)  # type: ignore[arg-type]


def holds(kind: str, reason: str = "") -> Object:
    return job(Condition(kind, "True", reason))


@pytest.mark.parametrize(
    ("kind", "reason", "word"),
    [
        ("Complete", "CompletionsReached", "succeeded: complete"),
        ("Failed", "BackoffLimitExceeded", "failed: job-failed"),
        ("Failed", "PodFailurePolicy", "failed: job-failed"),
        ("Failed", "DeadlineExceeded", "failed: deadline-exceeded"),
        ("Suspended", "JobSuspended", "progressing: suspended"),
        ("FailureTarget", "BackoffLimitExceeded", "progressing: running"),
        ("SuccessCriteriaMet", "CompletionsReached", "progressing: running"),
    ],
)
def test_a_job_ends_by_its_conditions_alone(kind: str, reason: str, word: str) -> None:
    """While only its end is decided, its pods may still run."""
    assert said(5.0, (0.0, JOB), (4.0, holds(kind, reason))) == word


def test_a_job_that_takes_too_long_says_what_has_become_of_it() -> None:
    """A suspended one, above all, waits for a person."""
    known = Snapshot()
    known.see(job(Condition("Suspended", "True", "JobSuspended")), 1.0)
    verdict = assess_jobs(known, {JOB.uid: Workload(JOB.name, "migrate", "Job")}, Policy(), 900.0).verdict
    assert verdict.outcome == "timed_out"
    assert [each.message for each in verdict.evidence] == ["suspended: 0 active, 0 failed, 0 succeeded"]


def test_pods_that_fail_are_the_job_controllers_to_count() -> None:
    """However often a container crashed or couldn't be started."""
    crashed = of_job(container(ready=False, state=terminated(1), restarts=4))
    started = of_job(container(ready=False, state=waiting("RunContainerError"), image_id="x"))
    failed = (1.5, event("Failed", "Error: failed to start", count=3))
    assert said(9.0, (0.0, JOB), (2.0, crashed)) == "progressing: running"
    assert said(9.0, (0.0, JOB), (2.0, started), failed) == "progressing: running"


def test_a_container_that_can_never_be_made_fails_a_job() -> None:
    """No controller counts what never ends: on the second try it is told."""
    made = of_job(container(ready=False, state=waiting("CreateContainerError", "no command specified")))
    once, twice = (
        event("Failed", "Error: no command specified"),
        event("Failed", "Error: no command specified", count=2),
    )
    assert said(2.0, (0.0, JOB), (1.0, made), (1.0, once)) == "progressing: running"
    assert said(3.0, (0.0, JOB), (1.0, made), (2.0, twice)) == "failed: cannot-start"


def test_a_jobs_pod_that_lacks_its_config_is_judged_as_a_workloads() -> None:
    """Three seconds after the first word of it."""
    missing = of_job(container(ready=False, state=waiting("CreateContainerConfigError", 'secret "db" not found')))
    assert said(3.9, (0.0, JOB), (1.0, missing)) == "progressing: running"
    assert said(4.0, (0.0, JOB), (1.0, missing)) == "failed: config-missing"


def test_a_jobs_pod_that_no_node_takes_is_judged_as_a_workloads() -> None:
    """After twenty seconds."""
    pending = of_job(WAITING, conditions=(Condition("PodScheduled", "False", "Unschedulable"),))
    assert said(20.9, (0.0, JOB), (1.0, pending)) == "progressing: running"
    assert said(21.0, (0.0, JOB), (1.0, pending)) == "failed: unschedulable"


def test_a_job_of_several_pods_waits_for_those_that_run() -> None:
    """They will end, and make room for the next; a node that takes none of them isn't waited for."""
    runs = pod("first", owner=JOB.uid, node="node-1")

    def after(message: str) -> str:
        condition = Condition("PodScheduled", "False", "Unschedulable", message)
        return said(60.0, (0.0, JOB), (1.0, of_job(WAITING, conditions=(condition,))), (1.0, runs))

    assert after("0/1 nodes are available: 1 Insufficient cpu.") == "progressing: running"
    assert after("0/1 nodes are available: 1 node(s) had untolerated taint {a: b}.") == "failed: unschedulable"


def test_a_deleted_job_is_inconclusive_and_one_that_had_ended_was_judged_before() -> None:
    """Nobody knows what its pods did."""
    assert said(5.0, (0.0, JOB), gone=4.0) == "inconclusive: deleted"
    assert said(5.0) == "progressing: running"

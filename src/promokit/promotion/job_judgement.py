"""The judgement on a Job by the engine that judges rollouts: its own conditions, and pods that can't begin. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import evolve

from promokit.cluster.objects import Job
from promokit.migration.verdict import judge_job
from promokit.model import Workload
from promokit.outcome import Outcome
from promokit.rollout.assessment import Assessment, assessed
from promokit.rollout.creation import creation_by, creation_signs
from promokit.rollout.judgement import Evidence, Judgement, Verdict, evidence_of
from promokit.rollout.look import NEVER, Look, Sign
from promokit.rollout.policy import Policy
from promokit.rollout.signs import blocked
from promokit.rollout.snapshot import Snapshot


def assess_jobs(snapshot: Snapshot, jobs: Mapping[str, Workload], policy: Policy, now: float) -> Assessment:
    """Judge Jobs (by UID) at second `now`."""
    return assessed({job: _judged(snapshot, uid, str(job), policy, now) for uid, job in jobs.items()}, now)


def job_as_workload(job: Job) -> Workload:
    """Return the name by which a Job is judged beside workloads."""
    return Workload(job.name, next(iter(job.containers), ""), "Job")


def _judged(snapshot: Snapshot, uid: str, name: str, policy: Policy, now: float) -> Judgement:
    """A Job's failures are its controller's to count (failed > backoffLimit): only its conditions end it, or a pod
    that can't even begin."""
    job = snapshot.jobs.get(uid)
    if job is None and uid not in snapshot.gone:
        return Judgement(Verdict(Outcome.PROGRESSING, "running", now, (), name), policy.timeout)
    ended = judge_job(job, name)
    if ended.outcome == "succeeded":
        return _at(Outcome.SUCCEEDED, ended.reason, name, now)
    if ended.final:
        said = [Evidence(name, message=ended.message)] if ended.message else []
        return _at(Outcome(ended.outcome), ended.reason, name, now, [*said, *_ends(snapshot, uid, name)])
    signs = tuple(_signs(snapshot, uid, policy, now))
    if due := [each for each in signs if each.due <= now]:
        evidence = [evolve(evidence_of(each), workload=name) for each in due]
        return evolve(_at(Outcome.FAILED, due[0].reason, name, now, evidence), signs=signs)
    counts = f"{job.active} active, {job.failed} failed, {job.succeeded} succeeded" if job else "not seen yet"
    words = f"{ended.reason}: {counts}" if ended.reason != "running" else counts
    told = [*(evolve(evidence_of(each), workload=name) for each in signs), Evidence(name, message=words)]
    if now >= policy.timeout:
        return evolve(_at(Outcome.TIMED_OUT, "timeout", name, now, told), signs=signs)
    going = Verdict(Outcome.PROGRESSING, ended.reason, now, tuple(told), name)
    return Judgement(going, min([policy.timeout, *(each.due for each in signs)], default=NEVER), signs)


def _signs(snapshot: Snapshot, uid: str, policy: Policy, now: float) -> Iterator[Sign]:
    """A Job of several pods makes room for the next ones by itself: those that run will end."""
    room, pods = snapshot.room, snapshot.pods_of(uid)
    runs = any(each.lives and each.pod.node for each in pods)
    for sighting in pods:
        heard = snapshot.heard(sighting.pod.uid)
        until = NEVER if runs else room.until({uid})
        yield from blocked(Look(sighting, heard, policy, now, until, room.freed_at({uid})))
    creation = creation_by(snapshot, uid, {uid}, NEVER if runs else room.until())
    yield from creation_signs(creation, now, policy.config_missing_for)


def _ends(snapshot: Snapshot, uid: str, name: str) -> Iterator[Evidence]:
    """Name the containers of the Job's pods that ended with an error."""
    for sighting in snapshot.pods_of(uid):
        for container in sighting.pod.containers:
            end = container.end
            if end is not None and end.exit_code:
                message = " ".join(filter(None, (end.reason, end.message)))
                yield Evidence(
                    name, sighting.pod.name, container.name, end.exit_code, message, rests_on="state terminated"
                )


def _at(outcome: Outcome, reason: str, name: str, now: float, evidence: list[Evidence] | None = None) -> Judgement:
    return Judgement(Verdict(outcome, reason, now, tuple(evidence or ()), name), now)

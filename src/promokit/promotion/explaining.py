"""Explaining a rollout or a Job after the fact, or as it stands: the engine of the live verdict, reading only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from attrs import evolve, frozen

from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Controller, Job, Object
from promokit.cluster.transport import Forbidden
from promokit.errors import ConfigError, PromokitError
from promokit.migration.verdict import judge_job
from promokit.model import Environment, Workload
from promokit.outcome import Outcome
from promokit.promotion.clients import Clients
from promokit.promotion.job_judgement import assess_jobs, job_as_workload
from promokit.promotion.looking import Look
from promokit.promotion.presence import is_gone
from promokit.rollout.assessment import Assessment, assess, assessed
from promokit.rollout.dating import dated, dated_job, policy_for
from promokit.rollout.dump import controllers_in, newest_time, read_dump
from promokit.rollout.judgement import Judgement, Verdict
from promokit.rollout.policy import Answer, Policy
from promokit.rollout.replay import Log, Noted, replay
from promokit.rollout.snapshot import Snapshot
from promokit.rollout.targets import targets
from promokit.rollout.timeline import Line
from promokit.rollout.verdict import judge

_REMEDY = "it needs a Deployment, StatefulSet, DaemonSet or Job"


@frozen
class Explanation:
    """What the engine says: the assessment, at which second since the change, and the rules that fired or nearly did.

    A dump has no one second: each workload's verdict has its own, since its own change. `as_of` is when it was made.
    """

    assessment: Assessment
    t: float
    noted: tuple[Noted, ...]
    as_of: datetime | None = None


def explain_timeline(lines: Sequence[Line], policy: Policy, file: Path) -> Explanation:
    """Replay the lines of a recording. ConfigError says that nothing in `file` can be judged."""
    jobs = _jobs(lines)
    ours, unchanged = targets(lines, policy, sure=_is_of_a_job(lines))
    if ours or (unchanged and not jobs):
        done = replay(lines, lambda snapshot, now: assess(snapshot, ours or unchanged, now))
    elif jobs:
        done = replay(lines, lambda snapshot, now: assess_jobs(snapshot, jobs, policy, now))
    else:
        raise ConfigError(f"{file} holds nothing that can be judged", remedy=_REMEDY)
    return Explanation(done.assessment, done.t, done.noted)


def explain_dump(file: Path, policy: Policy, now: datetime | None = None) -> Explanation:
    """Judge a dump as of `now`, or of the newest time in it. ConfigError for a file that isn't one."""
    objects = read_dump(file)
    if not any(isinstance(each, Controller | Job) for each in objects):
        raise ConfigError(f"{file} holds nothing that can be judged", remedy=_REMEDY)
    as_of = newest_time(objects, now)
    return evolve(_explained(objects, controllers_in(objects), policy, as_of), as_of=as_of)


def explain_live(environment: Environment, policy: Policy, clients: Clients | None = None) -> Explanation:
    """Judge how an environment's workloads stand now, from one list a kind. Changes nothing. Errors: Unreachable."""
    clients = clients or Clients()
    namespace = clients.namespace(environment)
    controllers = namespace.controllers(environment.workloads)
    for workload in environment.workloads:
        if workload not in controllers:
            raise ConfigError(f"there is no {workload.object} in namespace {namespace.name}", remedy="apply it first")
    return _as_they_stand(namespace, controllers, policy, clients)


def verdicts_now(found: Look, clients: Clients) -> dict[Workload, Verdict]:
    """Return how each workload of a look stands. Those that aren't complete and Ready are judged as `explain` would.

    Who may not read Events gets what the look tells. Errors: Unreachable.
    """
    waiting = [each for each, verdict in found.verdicts.items() if verdict.outcome is Outcome.PROGRESSING]
    namespace = clients.namespace(found.environment)
    controllers = namespace.controllers(waiting) if waiting else {}
    if not controllers:
        return found.verdicts
    try:
        explained = _as_they_stand(namespace, controllers, Policy.of(found.environment), clients)
    except Forbidden:
        return found.verdicts
    return found.verdicts | {each: judged.verdict for each, judged in explained.assessment.judgements.items()}


def _as_they_stand(
    namespace: Namespace, controllers: Mapping[Workload, Controller], policy: Policy, clients: Clients
) -> Explanation:
    objects: list[Object] = [*controllers.values(), *namespace.replica_sets(), *namespace.pods(), *namespace.events()]
    now = max(datetime.now(UTC), newest_time(objects))
    found = _explained(objects, controllers, policy, now)
    missed = {each.workload for each in found.noted if each.sign.reason == "image-not-found"}
    if policy.image_exists == "unknown" and missed:
        images = {each: controllers[each].images.get(each.container, "") for each in controllers if str(each) in missed}
        exist = {each: _exists(clients, images[each]) for each in images}
        return _explained(objects, controllers, policy, now, exist)
    return found


def _exists(clients: Clients, image: str) -> Answer:
    """Ask the registry about the image that a workload misses."""
    try:
        return "no" if is_gone(clients, image) else "yes"
    except PromokitError:
        return "unknown"


def _explained(
    objects: Sequence[Object],
    controllers: Mapping[Workload, Controller],
    policy: Policy,
    now: datetime,
    exist: Mapping[Workload, Answer] = MappingProxyType({}),
) -> Explanation:
    """Judge each workload, by what the registry said of its image where it was asked."""
    log, judgements = Log(), dict[Workload, Judgement]()
    for workload, controller in controllers.items():
        snapshot, at = dated(objects, controller, now, policy.stable_for)
        own = policy_for(controller, evolve(policy, image_exists=exist.get(workload, policy.image_exists)))
        judgements[workload] = _with_pods(snapshot, judge(snapshot, workload, own, at))
        log.note(assessed({workload: judgements[workload]}, at), at)
    if not judgements:
        _judge_jobs(objects, policy, now, judgements, log)
    t = max(each.verdict.t for each in judgements.values())
    return Explanation(assessed(judgements, t), t, log.all())


def _with_pods(snapshot: Snapshot, judgement: Judgement) -> Judgement:
    """A dump without pods can't show that a complete rollout is a healthy one, now or later."""
    if snapshot.pods or judgement.verdict.reason != "stabilizing":
        return judgement
    return evolve(judgement, verdict=evolve(judgement.verdict, outcome=Outcome.INCONCLUSIVE, reason="no-pods"))


def _judge_jobs(
    objects: Sequence[Object], policy: Policy, now: datetime, judgements: dict[Workload, Judgement], log: Log
) -> None:
    for job in (each for each in objects if isinstance(each, Job)):
        snapshot, at = dated_job(objects, job, now)
        assessment = assess_jobs(snapshot, {job.uid: job_as_workload(job)}, policy, at)
        judgements.update(assessment.judgements)
        log.note(assessment, at)


def _is_of_a_job(lines: Iterable[Line]) -> bool:
    """Say whether the change was seen to make a Job: one that nothing has come of yet at its first sight."""
    return any(
        t >= 0 and not (job.active or job.failed or job.succeeded or job.conditions)
        for t, job in _first_seen(lines).values()
    )


def _jobs(lines: Iterable[Line]) -> dict[str, Workload]:
    """Find the Jobs that the change made, by UID; where none was made, all there are.

    A recording may begin at 0 or later with what was there: a Job that had ended at first sight wasn't made by it.
    """
    first = _first_seen(lines)
    made = {uid: job_as_workload(job) for uid, (t, job) in first.items() if t >= 0 and not judge_job(job, "").final}
    return made or {uid: job_as_workload(job) for uid, (_, job) in first.items()}


def _first_seen(lines: Iterable[Line]) -> dict[str, tuple[float, Job]]:
    """Return each Job, by UID, as it was first seen, and when."""
    first: dict[str, tuple[float, Job]] = {}
    for line in lines:
        if isinstance(line.seen, Job):
            first.setdefault(line.seen.uid, (line.t, line.seen))
    return first

"""The verdict on a rollout: a pure function of what was seen, the policy and the time. Nothing in here fetches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve, frozen

from promokit.cluster.objects import Deployment, ReplicaSet
from promokit.model import Workload
from promokit.rollout.policy import Policy
from promokit.rollout.reasons import EXIT_CODES, REMEDIES, Outcome
from promokit.rollout.signs import Sign, creation_signs, pod_signs
from promokit.rollout.snapshot import Sighting, Snapshot


@frozen
class Evidence:
    """What a verdict rests on: where it was seen, and the words of the cluster. `log` is the container's last lines."""

    workload: str
    pod: str = ""
    container: str = ""
    exit_code: int | None = None
    message: str = ""
    count: int = 1
    log: tuple[str, ...] = ()


@frozen
class Verdict:
    """How a workload's rollout stands at `t` seconds: outcome and reason are words of closed lists."""

    outcome: Outcome
    reason: str
    t: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    workload: str = ""

    @property
    def remedy(self) -> str:
        """What to do about it; empty where nothing is to be done."""
        return REMEDIES[self.reason]

    @property
    def exit_code(self) -> int:
        """The exit code of a process that ends with this verdict."""
        return EXIT_CODES[self.outcome]

    @property
    def final(self) -> bool:
        """Whether the rollout has ended."""
        return self.outcome is not Outcome.PROGRESSING


@frozen
class Judgement:
    """A verdict, and when to look again if nothing happens before (seconds since the change)."""

    verdict: Verdict
    look_again: float


def judge(snapshot: Snapshot, workload: Workload, policy: Policy, now: float) -> Judgement:
    """Judge one workload's rollout. Pure; the rules are in the order in which they are asked."""
    deployment = snapshot.deployment(workload.deployment)
    name = str(workload)
    if interference := _interference(deployment, policy):
        return Judgement(Verdict(Outcome.INCONCLUSIVE, interference, now, (Evidence(name),), name), now)
    if deployment is None or deployment.observed_generation < policy.generation:
        return _undecided(Judgement(Verdict(Outcome.PROGRESSING, "waiting", now, (), name), policy.timeout), policy)
    judgement = _judged(snapshot, deployment, policy, now)
    evidence = tuple(evolve(each, workload=name) for each in judgement.verdict.evidence)
    verdict = evolve(judgement.verdict, workload=name, evidence=evidence)
    return _undecided(evolve(judgement, verdict=verdict), policy)


def combine(verdicts: Iterable[Verdict], now: float) -> Verdict:
    """Return the verdict on all workloads: the worst one decides, and all must have succeeded to succeed."""
    worst = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.TIMED_OUT, Outcome.PROGRESSING, Outcome.SUCCEEDED)
    ordered = sorted(verdicts, key=lambda each: worst.index(each.outcome))
    evidence = tuple(found for each in ordered if each.outcome is ordered[0].outcome for found in each.evidence)
    return evolve(ordered[0], t=now, evidence=evidence)


def steady(snapshot: Snapshot, workload: Workload) -> Verdict:
    """Judge a workload as it stands, without a change of ours: succeeded only if it is complete and all is Ready."""
    deployment = snapshot.deployment(workload.deployment)
    if deployment is None:
        return Verdict(Outcome.INCONCLUSIVE, "replaced", workload=str(workload))
    policy = Policy(generation=deployment.generation, template=deployment.template, stable_for=0)
    return judge(snapshot, workload, policy, 0.0).verdict


def _interference(deployment: Deployment | None, policy: Policy) -> str | None:
    """Only a change of the pod template is interference: an HPA or an annotation moves the generation too."""
    if deployment is None or deployment.uid != (policy.uid or deployment.uid):
        return "replaced"
    if policy.template and deployment.template != policy.template:
        return "superseded"
    return "paused" if deployment.paused else None


def _judged(snapshot: Snapshot, deployment: Deployment, policy: Policy, now: float) -> Judgement:
    replica_set = snapshot.current(deployment)
    sightings = snapshot.sightings(replica_set) if replica_set else []
    signs = list(_signs(snapshot, deployment, replica_set, sightings, policy, now))
    due = [each for each in signs if each.due <= now]
    if due:
        return Judgement(Verdict(Outcome.FAILED, due[0].reason, now, _evidence(due)), now)
    if complete(deployment):
        return _stability(deployment.wanted, sightings, policy, now)
    next_due = min((each.due for each in signs), default=float("inf"))
    stalled_at = snapshot.progress_at.get(deployment.uid, 0.0) + deployment.progress_seconds
    if now >= stalled_at:
        evidence = _evidence(signs) or (_missing(deployment),)
        return Judgement(Verdict(Outcome.FAILED, "no-progress", now, evidence), now)
    evidence = _evidence(signs) or (_missing(deployment),)
    return Judgement(Verdict(Outcome.PROGRESSING, "waiting", now, evidence), min(next_due, stalled_at))


def complete(deployment: Deployment) -> bool:
    """Return kubectl's rule: observed, all updated, none old, all available (polymorphichelpers/rollout_status.go)."""
    return (
        deployment.observed_generation >= deployment.generation
        and deployment.updated == deployment.wanted
        and deployment.total == deployment.updated
        and deployment.available == deployment.updated
    )


def _signs(
    snapshot: Snapshot,
    deployment: Deployment,
    replica_set: ReplicaSet | None,
    sightings: list[Sighting],
    policy: Policy,
    now: float,
) -> Iterable[Sign]:
    for sighting in sightings:
        yield from pod_signs(sighting, snapshot.events_about(sighting.pod.uid), policy, now)
    if replica_set and len(sightings) < deployment.wanted:
        ending = any(each.pod.deleting for each in snapshot.pods.values())
        yield from creation_signs(snapshot.events_about(replica_set.uid), ending, now)


def _stability(wanted: int, sightings: list[Sighting], policy: Policy, now: float) -> Judgement:
    """Complete; now each new pod must stay Ready, without a restart, for `stable_for`, counted from its own Ready.

    The pods come by another stream than the Deployment: until each wanted one has been seen Ready, nothing is proven.
    """
    ready = [each.ready_since for each in sightings if each.ready_since is not None]
    if len(ready) < max(wanted, len(sightings)):
        return Judgement(Verdict(Outcome.PROGRESSING, "stabilizing", now), now + max(policy.stable_for, 1.0))
    stable_at = max(ready, default=now - policy.stable_for) + policy.stable_for
    if now >= stable_at:
        return Judgement(Verdict(Outcome.SUCCEEDED, "complete", now), now)
    return Judgement(Verdict(Outcome.PROGRESSING, "stabilizing", now), stable_at)


def _undecided(judgement: Judgement, policy: Policy) -> Judgement:
    """Past the timeout, what is still progressing has timed out; before it, look again by then."""
    verdict = judgement.verdict
    if verdict.final:
        return judgement
    if verdict.t >= policy.timeout:
        return Judgement(evolve(verdict, outcome=Outcome.TIMED_OUT, reason="timeout"), verdict.t)
    return evolve(judgement, look_again=min(judgement.look_again, policy.timeout))


def _evidence(signs: Iterable[Sign]) -> tuple[Evidence, ...]:
    return tuple(Evidence("", each.pod, each.container, each.exit_code, each.message, each.count) for each in signs)


def _missing(deployment: Deployment) -> Evidence:
    counts: Mapping[str, int] = {
        "updated": deployment.updated,
        "ready": deployment.ready,
        "available": deployment.available,
    }
    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    old = deployment.total - deployment.updated
    return Evidence("", message=f"{deployment.wanted} wanted: {told}" + (f", {old} old still there" if old > 0 else ""))

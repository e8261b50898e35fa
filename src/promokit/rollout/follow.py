"""From the streams of a cluster to a verdict: drain what has come, judge, look again when the verdict asked for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from attrs import define, evolve, field

from promokit.cluster.namespace import Namespace
from promokit.errors import PromokitError
from promokit.model import Workload
from promokit.rollout.policy import Policy
from promokit.rollout.reasons import Outcome
from promokit.rollout.snapshot import Snapshot
from promokit.rollout.streams import STREAMS, Arrival, Streams
from promokit.rollout.told import told
from promokit.rollout.verdict import Evidence, Judgement, Verdict, combine, judge

SHORTEST_PAUSE = 0.05
LOG_LINES = 20


def follow(
    namespace: Namespace,
    policies: Mapping[Workload, Policy],
    *,
    started: float | None = None,
    progress: Callable[[str], None] = lambda text: None,
    stopped: Callable[[], str | None] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> Verdict:
    """Follow the rollouts of an environment's workloads until there is one verdict on all of them.

    `started` is the clock's reading when the change was made. `progress` gets a line for each thing worth telling.
    `stopped` says the reason word of an outside end, such as a lost lease: the verdict is then inconclusive.
    The first failure decides; otherwise all must have ended.
    """
    sight = Sight(clock() if started is None else started, clock)
    with Streams(namespace, _queries(policies)) as streams:
        verdict = _watched(sight, streams, policies, progress, stopped)
    return _with_logs(namespace, verdict) if verdict.outcome is not Outcome.SUCCEEDED else verdict


@define
class Sight:
    """What the streams have shown so far, and since when one of them is blind."""

    started: float
    clock: Callable[[], float]
    snapshot: Snapshot = field(factory=Snapshot)
    listed: set[str] = field(factory=set)
    stale: dict[str, set[str]] = field(factory=dict)
    blind: dict[str, float] = field(factory=dict)
    trouble: str = ""

    @property
    def now(self) -> float:
        """Seconds since the change."""
        return self.clock() - self.started

    def take(self, arrival: Arrival) -> None:
        """Take in one arrival."""
        if arrival.error is not None:
            self.blind.setdefault(arrival.resource, self.now)
            self.trouble = arrival.error.what
        elif arrival.change is not None and arrival.change.type == "LISTING":
            self.stale[arrival.resource] = self._known(arrival.resource)
        elif arrival.change is not None and arrival.change.type == "LISTED":
            self._end_list(arrival.resource)
        elif arrival.change is not None and arrival.change.type == "RESUMED":
            self.blind.pop(arrival.resource, None)
        elif arrival.change is not None:
            self._see(arrival)

    def _see(self, arrival: Arrival) -> None:
        assert arrival.change is not None  # noqa: S101 - told to the type checker
        seen = arrival.seen
        if seen is None:
            return
        if arrival.change.type == "DELETED":
            self.snapshot.forget(seen)
        else:
            self.stale.get(arrival.resource, set()).discard(seen.uid)
            self.snapshot.see(seen, self.now if arrival.resource in self.listed else 0.0)

    def _end_list(self, resource: str) -> None:
        for uid in self.stale.pop(resource, set()):
            self._kept(resource).pop(uid, None)
        self.listed.add(resource)
        self.blind.pop(resource, None)

    def _known(self, resource: str) -> set[str]:
        return set() if resource == "events" else set(self._kept(resource))

    def _kept(self, resource: str) -> dict[str, object]:
        name = "replica_sets" if resource == "replicasets" else resource
        kept: dict[str, object] = getattr(self.snapshot, name)
        return kept


def _watched(
    sight: Sight,
    streams: Streams,
    policies: Mapping[Workload, Policy],
    progress: Callable[[str], None],
    stopped: Callable[[], str | None],
) -> Verdict:
    said: dict[Workload, str] = {}
    wait = SHORTEST_PAUSE
    while True:
        for arrival in streams.drain(wait):
            sight.take(arrival)
        if word := stopped():
            return Verdict(Outcome.INCONCLUSIVE, word, sight.now, tuple(Evidence(str(each)) for each in policies))
        if blind := _blind(sight, policies):
            return blind
        judgements = _judgements(sight, policies)
        _tell(sight.snapshot, judgements, said, progress)
        verdict = combine((each.verdict for each in judgements.values()), sight.now)
        if verdict.final and (verdict.outcome is Outcome.FAILED or _all_final(judgements)):
            return verdict
        look_again = min(each.look_again for each in judgements.values() if not each.verdict.final)
        wait = min(max(look_again - sight.now, SHORTEST_PAUSE), 1.0)


def _judgements(sight: Sight, policies: Mapping[Workload, Policy]) -> dict[Workload, Judgement]:
    """Judge nothing before each stream has been listed once: what isn't seen yet isn't missing."""
    now = sight.now
    if len(sight.listed) < len(STREAMS):
        waiting = Verdict(Outcome.PROGRESSING, "waiting", now)
        return {each: Judgement(waiting, now + 1.0) for each in policies}
    return {each: judge(sight.snapshot, each, policy, now) for each, policy in policies.items()}


def _all_final(judgements: Mapping[Workload, Judgement]) -> bool:
    return all(each.verdict.final for each in judgements.values())


def _blind(sight: Sight, policies: Mapping[Workload, Policy]) -> Verdict | None:
    limit = min(each.blind_for for each in policies.values())
    if not sight.blind or sight.now - min(sight.blind.values()) < limit:
        return None
    evidence = tuple(Evidence(str(each), message=sight.trouble) for each in policies)
    return Verdict(Outcome.INCONCLUSIVE, "blind", sight.now, evidence)


def _tell(
    snapshot: Snapshot,
    judgements: Mapping[Workload, Judgement],
    said: dict[Workload, str],
    progress: Callable[[str], None],
) -> None:
    for workload, judgement in judgements.items():
        line = told(workload, snapshot.deployment(workload.deployment), judgement.verdict)
        if said.get(workload) != line:
            said[workload] = line
            progress(f"{judgement.verdict.t:6.1f}s  {line}")


def _queries(policies: Mapping[Workload, Policy]) -> dict[str, dict[str, str]]:
    """Narrow the Deployments to the one that is followed; pods and events come by namespace."""
    names = {each.deployment for each in policies}
    return {"deployments": {"fieldSelector": f"metadata.name={names.pop()}"}} if len(names) == 1 else {}


def _with_logs(namespace: Namespace, verdict: Verdict) -> Verdict:
    return evolve(verdict, evidence=tuple(_with_log(namespace, each) for each in verdict.evidence))


def _with_log(namespace: Namespace, evidence: Evidence) -> Evidence:
    """Add the last lines of a container that ended, of its previous run where this one has said nothing yet."""
    if not evidence.container or evidence.exit_code is None:
        return evidence
    for previous in (False, True):
        try:
            lines = namespace.log_tail(evidence.pod, evidence.container, lines=LOG_LINES, previous=previous)
        except PromokitError:
            continue
        if lines:
            return evolve(evidence, log=tuple(lines))
    return evidence

"""One look at an environment's workloads: what each runs, proven, and its verdict, from one list a kind."""

from __future__ import annotations

import functools
from collections.abc import Callable

from attrs import field, frozen

from promokit.cluster.objects import Object
from promokit.errors import PromokitError
from promokit.identity.asked import AskedOnce
from promokit.identity.clock import Begun, running_since
from promokit.identity.lookup import looked_up
from promokit.identity.proof import Proof, prove, under_way
from promokit.model import Environment, Workload
from promokit.promotion.clients import Clients
from promokit.rollout.judgement import Verdict
from promokit.rollout.snapshot import Snapshot
from promokit.rollout.verdict import steady

LOOK_EVERY_SECONDS = 2.0


@frozen
class Look:
    """`registry` is the one of a repository, asked each question once in this look.

    `begun` says since when each workload has run without a break that shows.
    `unasked` are the errors of registries that would have been asked what a workload's digests mean.
    """

    environment: Environment
    proofs: dict[Workload, Proof]
    verdicts: dict[Workload, Verdict]
    begun: dict[Workload, Begun]
    registry: Callable[[str], AskedOnce]
    unasked: dict[Workload, PromokitError] = field(factory=dict)

    @property
    def reference(self) -> Proof:
        """What the reference workload runs."""
        return self.proofs[self.environment.reference]

    def unhealthy(self) -> tuple[str, str] | None:
        """Return why not every workload runs the reference's digest and is Ready, and the remedy; None if they do."""
        for each, proof in self.proofs.items():
            verdict = self.verdicts[each]
            if verdict.outcome != "succeeded":
                return f"{each} is {verdict.outcome}: {verdict.reason}", verdict.remedy or "wait until it is healthy"
            if proof.digest is None:
                return f"what {each} runs isn't proven: {proof.reason}", proof.remedy
            if proof.digest != self.reference.digest:
                return f"{each} runs {proof.digest}", f"deploy what {self.environment.reference} runs to it too"
        return None


def look(environment: Environment, clients: Clients) -> Look:
    """Look at an environment: three lists of its cluster; a registry is asked only what the pods don't tell.

    Unreachable when the cluster can't be asked.
    """
    namespace, snapshot = clients.namespace(environment), Snapshot()
    controllers = namespace.controllers(environment.workloads)
    listed: list[Object] = [*controllers.values(), *namespace.replica_sets(), *namespace.pods()]
    for seen in listed:
        snapshot.see(seen, 0.0)
    verdicts = {each: steady(snapshot, each) for each in environment.workloads}
    proofs, begun = _proofs(environment, snapshot)
    found = Look(environment, proofs, verdicts, begun, functools.cache(clients.asked))
    _look_up(found)
    return found


def at_rest(environment: Environment, clients: Clients, sleep: Callable[[float], None]) -> Look:
    """Look at an environment once no rollout is under way in it, or when its timeout is over."""
    found, left = look(environment, clients), environment.timeout.total_seconds()
    while left > 0 and any(each.reason == "rollout-under-way" for each in found.proofs.values()):
        sleep(LOOK_EVERY_SECONDS)
        left -= LOOK_EVERY_SECONDS
        if not _moving(environment, clients):
            found = look(environment, clients)
    return found


def _moving(environment: Environment, clients: Clients) -> bool:
    there = clients.namespace(environment).controllers(environment.workloads)
    return any(under_way(each) and not each.paused for each in there.values())


def _proofs(environment: Environment, snapshot: Snapshot) -> tuple[dict[Workload, Proof], dict[Workload, Begun]]:
    """Return what each workload runs, and since when without a break."""
    sets, pods = snapshot.replica_sets.values(), [each.pod for each in snapshot.pods.values()]
    there = {each: snapshot.controller(each) for each in environment.workloads}
    return (
        {each: prove(each, controller, sets, pods) for each, controller in there.items()},
        {each: running_since(each, controller, sets, pods) for each, controller in there.items()},
    )


def _look_up(found: Look) -> None:
    for each, proof in found.proofs.items():
        reference = proof.reference
        if reference is None:
            continue
        try:
            found.proofs[each] = looked_up(proof, found.registry(reference.name))
        except PromokitError as error:
            found.unasked[each] = error

"""How an environment stands: what its workloads run, proven from the pods, their verdicts, and its ledger."""

from __future__ import annotations

from attrs import frozen

from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Object
from promokit.gates.facts import Standing, WorkloadStanding
from promokit.identity.proof import Proof, prove
from promokit.ledger.record import migrations
from promokit.ledger.store import Book, read_book
from promokit.migration.run import migrated
from promokit.model import Environment, Workload
from promokit.rollout.judgement import Verdict
from promokit.rollout.snapshot import Snapshot
from promokit.rollout.verdict import steady


@frozen
class Survey:
    """One look at an environment, from one list a kind."""

    environment: Environment
    proofs: dict[Workload, Proof]
    verdicts: dict[Workload, Verdict]
    snapshot: Snapshot
    book: Book
    migrated: bool | None

    @property
    def reference(self) -> Proof:
        """What the reference workload runs."""
        return self.proofs[self.environment.reference]

    @property
    def images(self) -> dict[Workload, str]:
        """Each workload's image by its spec; empty text where it doesn't exist."""
        return {workload: proof.image for workload, proof in self.proofs.items()}

    @property
    def standing(self) -> Standing:
        """The survey as the gates judge it."""
        workloads = tuple(_standing(self.proofs[each], self.verdicts[each]) for each in self.environment.workloads)
        return Standing(self.environment.name, workloads, self.migrated)


def survey(namespace: Namespace, environment: Environment) -> Survey:
    """Look at an environment. Unreachable when the cluster can't be asked."""
    snapshot = Snapshot()
    controllers = namespace.controllers(environment.workloads)
    listed: list[Object] = [*controllers.values(), *namespace.replica_sets(), *namespace.pods()]
    for seen in listed:
        snapshot.see(seen, 0.0)
    pods = [each.pod for each in snapshot.pods.values()]
    proofs = {
        each: prove(each, controllers.get(each), snapshot.replica_sets.values(), pods) for each in environment.workloads
    }
    verdicts = {each: steady(snapshot, each) for each in environment.workloads}
    book = read_book(namespace)
    done = _migrated(namespace, environment, proofs[environment.reference], book)
    return Survey(environment, proofs, verdicts, snapshot, book, done)


def _migrated(namespace: Namespace, environment: Environment, reference: Proof, book: Book) -> bool | None:
    """The ledger says whether the digest's migration succeeded; a Job that is still there says it too."""
    if environment.migration is None:
        return None
    if reference.digest is None:
        return False
    if str(reference.digest) in migrations(book.lines):
        return True
    return migrated(namespace, environment.migration.job, reference.digest)


def _standing(proof: Proof, verdict: Verdict) -> WorkloadStanding:
    return WorkloadStanding(
        str(proof.workload),
        proof.image,
        proof.digest,
        proof.reason,
        str(verdict.outcome),
        verdict.reason,
        proof.since,
        proof.remedy,
    )

"""How an environment stands: what its workloads run, proven from the pods, their verdicts, and its ledger."""

from __future__ import annotations

from attrs import frozen

from promokit.cluster.namespace import Namespace
from promokit.gates.facts import Standing, WorkloadStanding
from promokit.identity.proof import Proof
from promokit.ledger.book import Book
from promokit.ledger.record import migrations, unsettled
from promokit.ledger.store import read_book
from promokit.migration.run import migrated
from promokit.model import Environment, Workload
from promokit.promotion.clients import Clients
from promokit.promotion.looking import Look, look
from promokit.rollout.judgement import Verdict


@frozen
class Survey:
    """One look at an environment, and what its ledger says."""

    look: Look
    book: Book
    migrated: bool | None

    @property
    def environment(self) -> Environment:
        """Where it was looked."""
        return self.look.environment

    @property
    def proofs(self) -> dict[Workload, Proof]:
        """What each workload runs."""
        return self.look.proofs

    @property
    def verdicts(self) -> dict[Workload, Verdict]:
        """How each workload stands."""
        return self.look.verdicts

    @property
    def reference(self) -> Proof:
        """What the reference workload runs."""
        return self.look.reference

    @property
    def images(self) -> dict[Workload, str]:
        """Each workload's image by its spec; empty text where it doesn't exist."""
        return {workload: proof.image for workload, proof in self.proofs.items()}

    @property
    def standing(self) -> Standing:
        """The survey as the gates judge it."""
        workloads = tuple(_standing(self.look, each) for each in self.environment.workloads)
        return Standing(self.environment.name, workloads, self.migrated, unsettled(self.book.lines))


def survey(environment: Environment, clients: Clients) -> Survey:
    """Look at an environment. Unreachable when the cluster can't be asked."""
    namespace, found = clients.namespace(environment), look(environment, clients)
    book = read_book(namespace)
    return Survey(found, book, _migrated(namespace, environment, found.reference, book))


def _migrated(namespace: Namespace, environment: Environment, reference: Proof, book: Book) -> bool | None:
    """The ledger says whether the digest's migration succeeded; a Job that is still there says it too."""
    if environment.migration is None:
        return None
    if reference.digest is None:
        return False
    if str(reference.digest) in migrations(book.lines):
        return True
    return migrated(namespace, environment.migration.job, reference.digest)


def _standing(found: Look, workload: Workload) -> WorkloadStanding:
    proof, verdict, begun = found.proofs[workload], found.verdicts[workload], found.begun[workload]
    return WorkloadStanding(
        str(workload),
        proof.image,
        proof.digest,
        proof.reason,
        str(verdict.outcome),
        verdict.reason,
        begun.at,
        proof.remedy,
        begun.what,
    )

"""Taking in the lines of an operation whose ledger couldn't be written: from then on it counts as others do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from attrs import frozen

from promokit.cluster.identity import own_name
from promokit.ledger.book import Book
from promokit.ledger.intake import missing, taken_in
from promokit.ledger.lines import Line
from promokit.ledger.store import append, read_book
from promokit.ledger.told import read_told
from promokit.model import Environment
from promokit.promotion.adopting import LEASE_WAIT_SECONDS
from promokit.promotion.clients import Clients
from promokit.promotion.operation import under_lease
from promokit.promotion.record import listed


@frozen
class Intake:
    """The lines that the ledger hadn't got; none where there is nothing to do. `head` is the ledger's after it."""

    lines: Sequence[Line]
    head: str

    @property
    def changed(self) -> bool:
        """Whether anything was taken in."""
        return bool(self.lines)


def take_in(
    environment: Environment,
    text: str,
    *,
    clients: Clients | None = None,
    progress: Callable[[str], None] = lambda text: None,
    confirm: Callable[[Sequence[Line]], None] = lambda lines: None,
    wait: float = LEASE_WAIT_SECONDS,
) -> Intake:
    """Take in lines (`text` is JSON lines) that a rollback told because its ledger couldn't be written.

    Those that the ledger has are left out. `confirm` sees the others first and may raise. Errors: ConfigError for lines
    that aren't as they were told, Refused while another operation is under way, Unreachable when the ledger can't be
    written, VerificationFailed when it can't be read.
    """
    clients = clients or Clients()
    namespace, context = clients.namespace(environment), clients.context
    told = read_told(text, environment, datetime.now(UTC))
    book = read_book(namespace)
    lines = missing(book, told)
    if not lines:
        return Intake((), listed(namespace, book).head)
    confirm(lines)
    taken: list[Line] = []
    with under_lease(clients, environment, wait=wait, progress=progress) as lease:
        by = {"actor": context.actor, "identity": own_name(namespace.transport), "run": context.run_url}
        now = datetime.now(UTC)

        def entries(before: Book) -> Sequence[Line]:
            taken[:] = [taken_in(each, now, **by) for each in missing(before, told)]
            return taken

        written = append(namespace, entries)
        lease.release()
    return Intake(taken, listed(namespace, written).head)

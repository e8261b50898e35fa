"""One operation on an environment: under its lease, opened in its ledger before any change, closed after it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from attrs import define, evolve, field

from promokit.cluster.identity import own_name
from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Controller
from promokit.errors import PromokitError, Superseded
from promokit.ledger.allowed_store import WHAT, publish_allowed
from promokit.ledger.book import Book
from promokit.ledger.chain import SHORTEST_HEAD
from promokit.ledger.lease import Lease, take
from promokit.ledger.lines import Line
from promokit.ledger.record import end_of, entry, opened, unfinished
from promokit.ledger.store import WHAT as LEDGER
from promokit.ledger.store import append
from promokit.ledger.unwritten import told_lines
from promokit.model import Environment, Workload
from promokit.promotion.announcing import announce
from promokit.promotion.clients import Clients
from promokit.promotion.meanwhile import Meanwhile
from promokit.promotion.result import Result
from promokit.promotion.stopping import cancel
from promokit.rollout.change import epoch_of
from promokit.rollout.reasons import REMEDIES

_LOST = (
    "THE LEDGER LOST LINES MEANWHILE: its head was {head}…, and no line has that hash any more. This operation is on "
    "record again; what else was there isn't: see who changed the ConfigMap (its managedFields)"
)


@define
class Operation:
    """An operation under way. `id` joins its two lines in the ledger; `started` is monotonic seconds.

    `book` is the ledger as last written. `image` is what it brings, `previous` what ran before by the workload.
    `opening` are the lines that opened it, its own first; `ending` its result and facts once known; `last` is the line
    that closes it. `unrecorded` is whether it goes on without its opening: the ledger couldn't be written.
    """

    namespace: Namespace
    environment: Environment
    lease: Lease
    kind: str
    id: str = ""
    started: float = 0.0
    book: Book = field(factory=Book)
    image: str = ""
    previous: Mapping[str, str] = field(factory=dict)
    opening: Sequence[Line] = ()
    ending: tuple[Result, Mapping[str, Any]] | None = None
    last: Line = field(factory=dict)
    unrecorded: bool = False

    @property
    def head(self) -> str:
        """The ledger's head as last written."""
        return self.book.head

    @property
    def lines(self) -> tuple[Mapping[str, Any], ...]:
        """All its lines, as they are told where the ledger hasn't got them."""
        return told_lines(self.environment, (*self.opening, self.last))

    def close(self, result: Result, **facts: Any) -> str:
        """Write the `closed` line and return the ledger's new head; whoever took over may have written it already."""
        told = {
            "outcome": result.outcome,
            "reason": result.reason,
            "rolled_back": result.rolled_back,
            "migration": result.migration,
            "duration": round(time.monotonic() - self.started, 1),
            **facts,
        }
        line = self.last = entry("closed", self.kind, self.id, datetime.now(UTC), **told)
        if self.unrecorded and result.reason == "superseded":
            raise Superseded("it is another operation's now, and these lines stand before what that wrote")
        self.book = append(self.namespace, lambda book: self._missing(book, line))
        return self.head

    def _missing(self, book: Book, closed: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Return what isn't written of its lines.

        A request for the first ones may still be on its way: it fails once all are there. Or somebody took them away.
        """
        if end_of(book.lines, closed):
            return []
        there = {(each.get("op"), each.get("line")) for each in book.lines}
        return [*(each for each in self.opening if (each["op"], each["line"]) not in there), closed]

    def publish(self) -> None:
        """List the digests that may run here by the ledger, before the cluster is changed and after. Unreachable."""
        publish_allowed(self.namespace, self.book)

    def end(self, result: Result, progress: Callable[[str], None], **facts: Any) -> Result:
        """Close the operation and let the lease go. A ledger that can't be written never hides what happened.

        Its lines are in the result then. One that couldn't be written at the beginning is tried again.
        """
        self.ending = (result, facts)
        before = self.book
        try:
            result = evolve(result, head=self.close(result, **facts))
            if before.lines and not self.book.follows(before):
                progress(_LOST.format(head=before.head[:SHORTEST_HEAD]))
            if self.unrecorded:
                self.unrecorded = False
                progress("the ledger could be written now: it says what was done")
            result = self._as_recorded(result)
        except PromokitError as error:
            result = evolve(result, unwritten=self.lines)
            progress(f"{loudly(LEDGER, error)}. What happened is told here alone: take its lines in.")
        self.publish_loudly(progress)
        self.lease.release()
        self.announce(progress)
        return result

    def _as_recorded(self, result: Result) -> Result:
        """Return what the ledger says where whoever took over has closed the operation already: it is superseded."""
        closed = end_of(self.book.lines, self.last) or self.last
        if result.reason == "superseded" or all(closed.get(each) == self.last[each] for each in ("outcome", "reason")):
            return result
        told = f"its own verdict was {result.outcome} ({result.reason}), and another operation has taken over"
        self.last, remedy = closed, REMEDIES["superseded"]
        return evolve(result, outcome="inconclusive", reason="superseded", remedy=remedy, next_steps=(told,))

    def publish_loudly(self, progress: Callable[[str], None]) -> None:
        """List them, or say that it can't be done: that stops no rollback, and the next operation mends it."""
        if self.unrecorded:
            return  # the ledger couldn't be written, which was said
        try:
            self.publish()
        except PromokitError as error:
            progress(f"{loudly(WHAT, error)}. A policy that goes by it may refuse what is done.")

    def announce(self, progress: Callable[[str], None]) -> None:
        """Write an Event about its end on each workload; what can't be written is told once."""
        if self.opening and self.last:
            announce(self.namespace, self.environment, self.opening[0], self.last, progress)


def loudly(what: str, error: PromokitError) -> str:
    """Say that something can't be written, and why, so that nobody overlooks it."""
    why = error.what.removeprefix(f"{what} can't be written: ")
    return f"{what.upper()} CAN'T BE WRITTEN: {why}"


@contextmanager
def under_lease(
    clients: Clients,
    environment: Environment,
    *,
    wait: float,
    at_once: bool = False,
    found: Mapping[Workload, Controller] | None = None,
    progress: Callable[[str], None],
) -> Iterator[Lease]:
    """Hold the environment's lease; its epoch is above that of every workload, as they are or were just `found`.

    Whoever has written a higher one since then had the lease, which tells it. It isn't let go at the end: who is done
    calls `release()`. After an error it is.
    """
    namespace = clients.namespace(environment)
    there = namespace.controllers(environment.workloads) if found is None else found
    above = max(map(epoch_of, there.values()), default=0)
    lease = take(namespace, clients.context.holder, above=above, wait=wait, at_once=at_once, progress=progress)
    try:
        with lease:
            yield lease
    except BaseException:
        lease.release()
        raise


def begin(
    clients: Clients,
    environment: Environment,
    lease: Lease,
    kind: str,
    facts: Mapping[str, Any],
    *,
    beside: Sequence[Mapping[str, Any]] = (),
    identity: Meanwhile[str] | None = None,
    known: Book | None = None,
    unwritten: Callable[[PromokitError], None] | None = None,
) -> Operation:
    """Open an operation in the ledger. Others that were never closed are closed as interrupted: we hold their lease.

    `beside` are lines that are written with it, or not at all. `identity`, the API server's own name for us, and
    `known`, the ledger as it is, are what was asked before. Where the ledger can't be written, it raises; with
    `unwritten`, that is told, and the operation goes on unrecorded.
    """
    namespace, context = clients.namespace(environment), clients.context
    line = entry(
        "opened",
        kind,
        secrets.token_hex(6),
        datetime.now(UTC),
        actor=context.actor,
        holder=context.holder,
        run=context.run_url,
        attempt=context.attempt,
        identity=identity.answer() if identity else own_name(namespace.transport),
        **facts,
    )
    operation = _of_line(namespace, environment, lease, line, Book())
    operation.opening = (line, *beside)
    try:
        operation.book = append(namespace, lambda book: _opening(book, operation.opening, lease.taken_from), known)
    except PromokitError as error:
        if unwritten is None:
            raise
        unwritten(error)
        operation.unrecorded = True
    except Exception:
        raise
    except BaseException as stopped:
        cancel(operation, stopped)
        raise
    return operation


def resume(clients: Clients, environment: Environment, lease: Lease, book: Book, plan_hash: str) -> Operation | None:
    """Return this run's own operation on the same plan if it is still open: an earlier step began it."""
    holder = clients.context.holder
    for line in unfinished(book.lines):
        if line.get("holder") == holder and line.get("plan") == plan_hash:
            return _of_line(clients.namespace(environment), environment, lease, line, book)
    return None


def _of_line(
    namespace: Namespace, environment: Environment, lease: Lease, line: Mapping[str, Any], book: Book
) -> Operation:
    told = line.get("previous")
    return Operation(
        namespace,
        environment,
        lease,
        str(line["kind"]),
        str(line["op"]),
        started=time.monotonic(),
        book=book,
        image=str(line.get("image", "")),
        previous=told if isinstance(told, Mapping) else {},
        opening=(line,),
    )


def _opening(book: Book, lines: Sequence[Mapping[str, Any]], taken_from: str) -> Sequence[Mapping[str, Any]]:
    """Return what opens an operation; nothing where its line is there, and only the answer to writing it was lost."""
    return [] if opened(book.lines, str(lines[0]["op"])) else [*interrupted(book, taken_from), *lines]


def interrupted(book: Book, taken_from: str = "") -> list[Line]:
    """Return the lines that close what others left open: whoever holds the lease knows that their run is gone.

    That of the holder whom the lease was taken from is superseded.
    """
    now = datetime.now(UTC)
    return [
        entry(
            "closed",
            str(each.get("kind")),
            str(each.get("op")),
            now,
            outcome="inconclusive",
            reason="superseded" if taken_from and each.get("holder") == taken_from else "interrupted",
        )
        for each in unfinished(book.lines)
    ]

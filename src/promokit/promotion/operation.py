"""One operation on an environment: under its lease, opened in its ledger before any change, closed after it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from attrs import define, evolve, field

from promokit.cluster.identity import own_name
from promokit.cluster.namespace import Namespace
from promokit.errors import PromokitError, Superseded
from promokit.ledger.allowed_store import WHAT, publish_allowed
from promokit.ledger.lease import Lease, take
from promokit.ledger.lines import Line
from promokit.ledger.record import entry, unfinished
from promokit.ledger.store import Book, append
from promokit.model import Environment
from promokit.promotion.clients import Clients
from promokit.promotion.result import Result
from promokit.rollout.change import epoch_of


@define
class Operation:
    """An operation under way. `id` joins its two lines in the ledger; `started` is monotonic seconds."""

    namespace: Namespace
    environment: Environment
    lease: Lease
    kind: str
    id: str = ""
    head: str = ""
    started: float = 0.0
    book: Book = field(factory=Book)

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
        line = entry("closed", self.kind, self.id, datetime.now(UTC), **told)
        self.book = append(self.namespace, lambda book: [line] if _is_open(book, self.id) else [])
        self.head = self.book.head
        return self.head

    def publish(self) -> None:
        """List the digests that may run here by the ledger, before the cluster is changed and after. Unreachable."""
        publish_allowed(self.namespace, self.book)

    def end(self, result: Result, progress: Callable[[str], None], **facts: Any) -> Result:
        """Close the operation and let the lease go. A ledger that can't be written never hides what happened."""
        try:
            head = self.close(result, **facts) if self.id else ""
        except PromokitError as error:
            head = ""
            progress(f"THE LEDGER CAN'T BE WRITTEN: {error.what}. What happened is told here alone: record it by hand.")
        self.publish_loudly(progress)
        self.lease.release()
        return evolve(result, head=head)

    def publish_loudly(self, progress: Callable[[str], None]) -> None:
        """List them, or say that it can't be done: that stops no rollback, and the next operation mends it."""
        if not self.id:
            return  # the ledger couldn't be written, which was said
        try:
            self.publish()
        except PromokitError as error:
            progress(
                f"{WHAT.upper()} CAN'T BE WRITTEN: {error.what}. A policy that goes by it may refuse what is done."
            )


@contextmanager
def under_lease(
    clients: Clients,
    environment: Environment,
    *,
    wait: float,
    at_once: bool = False,
    progress: Callable[[str], None],
) -> Iterator[Lease]:
    """Hold the environment's lease; its epoch is above that of every workload.

    It isn't let go at the end: who is done calls `release()`. After an error it is.
    """
    namespace = clients.namespace(environment)
    found = namespace.controllers(environment.workloads)
    above = max(map(epoch_of, found.values()), default=0)
    lease = take(namespace, clients.context.holder, above=above, wait=wait, at_once=at_once, progress=progress)
    try:
        with lease:
            yield lease
    except BaseException:
        lease.release()
        raise


def begin(clients: Clients, environment: Environment, lease: Lease, kind: str, facts: Mapping[str, Any]) -> Operation:
    """Open an operation in the ledger. Others that were never closed are closed as interrupted: we hold their lease."""
    namespace, context = clients.namespace(environment), clients.context
    operation = Operation(namespace, environment, lease, kind, secrets.token_hex(6), started=time.monotonic())
    now = datetime.now(UTC)
    line = entry(
        "opened",
        kind,
        operation.id,
        now,
        actor=context.actor,
        holder=context.holder,
        run=context.run_url,
        attempt=context.attempt,
        identity=own_name(namespace.transport),
        **facts,
    )
    operation.book = append(namespace, lambda book: [*interrupted(book), line])
    operation.head = operation.book.head
    return operation


def resume(clients: Clients, environment: Environment, lease: Lease, book: Book, plan_hash: str) -> Operation | None:
    """Return this run's own operation on the same plan if it is still open: an earlier step began it."""
    holder = clients.context.holder
    for line in unfinished(book.lines):
        if line.get("holder") == holder and line.get("plan") == plan_hash:
            namespace = clients.namespace(environment)
            return Operation(namespace, environment, lease, line["kind"], line["op"], book.head, time.monotonic(), book)
    return None


@contextmanager
def closing(operation: Operation) -> Iterator[None]:
    """Close the operation with what stopped it, should anything stop it: a signal, an error, a refusal."""
    try:
        yield
    except PromokitError as error:
        reason = "superseded" if isinstance(error, Superseded) else "error"
        _close_quietly(operation, Result("inconclusive", reason), error.what)
        raise
    except Exception as error:
        _close_quietly(operation, Result("inconclusive", "error"), f"{type(error).__name__}: {error}")
        raise
    except BaseException:
        _close_quietly(operation, Result("inconclusive", "cancelled"), "stopped by a signal")
        raise


def _close_quietly(operation: Operation, result: Result, why: str) -> None:
    """What stopped us is what the user must hear of; whoever comes next closes what stays open."""
    if not operation.id:
        return  # it was never opened: the ledger couldn't be written
    try:
        operation.close(result, why=why)
        operation.publish()
    except PromokitError:
        return


def _is_open(book: Book, operation: str) -> bool:
    return any(each.get("op") == operation for each in unfinished(book.lines))


def interrupted(book: Book) -> list[Line]:
    """Return the lines that close what others left open: whoever holds the lease knows that their run is gone."""
    now = datetime.now(UTC)
    return [
        entry("closed", str(each.get("kind")), str(each.get("op")), now, outcome="inconclusive", reason="interrupted")
        for each in unfinished(book.lines)
    ]

"""An environment's record for scripts and commands: its history, and the holds that people set and release."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, Literal

from promokit.cluster.namespace import Namespace
from promokit.errors import ConfigError, PromokitError, Unreachable
from promokit.image import Digest
from promokit.ledger.allowed_store import publish_allowed
from promokit.ledger.book import Book
from promokit.ledger.record import entry
from promokit.ledger.store import append, read_book
from promokit.model import Environment
from promokit.promotion.clients import Clients
from promokit.promotion.context import Context

_Kind = Literal["hold", "release", "override"]
_NAMES = {"hold": "a hold", "release": "a release", "override": "an override"}


def history(environment: Environment, *, clients: Clients | None = None) -> Book:
    """Return the environment's ledger as it is. Unreachable or VerificationFailed when it can't be read."""
    return read_book((clients or Clients()).namespace(environment))


def hold(environment: Environment, digest: Digest, *, reason: str, clients: Clients | None = None) -> Book:
    """Hold a digest: it isn't promoted to the environment again until it is released. Returns the ledger after it."""
    return _note(environment, "hold", digest, reason, clients or Clients())


def release(environment: Environment, digest: Digest, *, reason: str, clients: Clients | None = None) -> Book:
    """Release a held digest and return the ledger after it. Of one that isn't held, nothing is written."""
    return _note(environment, "release", digest, reason, clients or Clients())


def override(
    environment: Environment, gate: str, digest: Digest, *, reason: str, clients: Clients | None = None
) -> Book:
    """Let a digest through a freeze that is on now, until that ends, and return the ledger after it.

    ConfigError for another gate, without a reason, and where no window is on: an override isn't given in advance.
    """
    if gate != "freeze":
        raise ConfigError(f"gate {gate} can't be overridden", remedy="do what the plan's remedy says")
    _need_reason("override", reason)
    if not any(each.span(datetime.now(UTC)) for each in environment.gates.freeze):
        raise ConfigError(f"{environment.name} is in no freeze window now", remedy="nothing is to be overridden")
    return _note(environment, "override", digest, reason, clients or Clients(), gate=gate)


def _note(environment: Environment, kind: _Kind, digest: Digest, reason: str, clients: Clients, **more: str) -> Book:
    _need_reason(kind, reason)
    line = noted(kind, digest, reason, clients.context, **more)
    namespace = clients.namespace(environment)

    def entries(before: Book) -> list[dict[str, Any]]:
        return [] if kind == "release" and str(digest) not in before.holds else [line]

    return listed(namespace, append(namespace, entries))


def noted(kind: _Kind, digest: Digest, reason: str, context: Context, **more: str) -> dict[str, Any]:
    """Return the line that notes what a person decided about a digest."""
    facts = {"digest": str(digest), "reason": reason, "actor": context.actor, "run": context.run_url}
    return entry("noted", kind, f"{kind}-{secrets.token_hex(6)}", datetime.now(UTC), **more, **facts)


def _need_reason(kind: _Kind, reason: str) -> None:
    if not reason.strip():
        raise ConfigError(f"{_NAMES[kind]} needs a reason", remedy="say why with --reason")


def listed(namespace: Namespace, book: Book) -> Book:
    """List what may run by a ledger to which something was written, and return it.

    An error says that it is in the ledger all the same: Unreachable.
    """
    try:
        publish_allowed(namespace, book)
    except PromokitError as error:
        told = Unreachable(
            f"it is in the ledger; {error.what}",
            where=error.where,
            remedy="grant it; the next operation mends the list",
        )
        told.changed = True
        raise told from error
    return book

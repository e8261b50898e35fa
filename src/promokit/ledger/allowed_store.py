"""Where the digests that may run here are kept: ConfigMap promokit-allowed, beside the ledger that they follow from."""

from __future__ import annotations

from typing import Any

from promokit.cluster.namespace import Namespace
from promokit.cluster.transport import Json
from promokit.ledger.allowed import allowed
from promokit.ledger.book import Book
from promokit.ledger.contention import written_among_others
from promokit.ledger.store import read_book

NAME = "promokit-allowed"
WHAT = "the list of digests that may run here"


def publish_allowed(namespace: Namespace, book: Book) -> bool:
    """Write what a ledger as just read or written allows, if that isn't there yet, and return whether it was written.

    Errors: Unreachable, also when it isn't allowed; VerificationFailed when the ledger can't be read.
    """
    return written_among_others(namespace, WHAT, NAME, lambda: _written(namespace, book))


def _written(namespace: Namespace, book: Book) -> bool:
    """The ledger is read again after the list: whoever has written a newer line since then finds our list changed."""
    there = namespace.get("configmaps", NAME)
    listed = (there or {}).get("data") or {}
    if listed == allowed(book.lines):
        return False
    wanted = allowed(read_book(namespace).lines)
    if listed == wanted:
        return False
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(there, namespace)}
    if there is None:
        namespace.create("configmaps", {**body, "data": wanted})
    else:
        namespace.replace("configmaps", NAME, {**body, "data": wanted})
    return True


def _metadata(there: Json | None, namespace: Namespace) -> Json:
    """Labels and annotations that somebody put there are theirs."""
    kept = {key: value for key, value in (there or {}).get("metadata", {}).items() if key in _KEPT}
    return {"name": NAME, "namespace": namespace.name, **kept}


_KEPT = ("resourceVersion", "labels", "annotations")

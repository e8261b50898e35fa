"""Where the digests that may run here are kept: ConfigMap promokit-allowed, beside the ledger that they follow from."""

from __future__ import annotations

from promokit.cluster.namespace import Namespace
from promokit.ledger.allowed import allowed
from promokit.ledger.book import Book
from promokit.ledger.contention import put_config_map, written_among_others
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
    put_config_map(namespace, NAME, there, wanted)
    return True

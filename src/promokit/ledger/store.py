"""Where a ledger is kept: ConfigMap promokit-ledger, written compare-and-set by resourceVersion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import evolve

from promokit.cluster.namespace import Namespace
from promokit.cluster.transport import Json
from promokit.errors import VerificationFailed
from promokit.ledger.book import Book
from promokit.ledger.chain import START
from promokit.ledger.contention import put_config_map, written_among_others
from promokit.ledger.lines import read, written

NAME = "promokit-ledger"
WHAT = "the ledger"
_ANCHOR: Mapping[str, Any] = {"hash": START, "dropped": 0}


def read_book(namespace: Namespace) -> Book:
    """Read an environment's ledger; an empty one where there is none yet. Unreachable or VerificationFailed."""
    return _book(namespace, namespace.get("configmaps", NAME))


def _book(namespace: Namespace, data: Json | None) -> Book:
    if data is None:
        return Book()
    try:
        content = data.get("data", {})
        lines = tuple(_read(f"line {n}", each) for n, each in enumerate(content.get("lines", "").splitlines(), 1))
        anchor = {**_ANCHOR, **_read("the anchor", content.get("anchor", "{}"))}
        if any(type(anchor[key]) is not type(value) for key, value in _ANCHOR.items()):
            raise ValueError("the anchor")
    except ValueError as error:
        raise VerificationFailed(
            f"the ledger can't be read: {error} is not one of ours",
            where=f"ConfigMap {NAME} in {namespace.name}",
            remedy="see who edited it (its managedFields) and mend it, as DEPLOY.md says: its holds are worth it",
        ) from error
    return Book(lines, anchor["hash"], anchor["dropped"], data["metadata"]["resourceVersion"])


def _read(what: str, text: str) -> dict[str, Any]:
    try:
        return read(text)
    except ValueError as error:
        raise ValueError(what) from error


def append(namespace: Namespace, entries: Callable[[Book], Sequence[Mapping[str, Any]]]) -> Book:
    """Append lines compare-and-set and return the ledger as it then is.

    `entries` is asked again whenever somebody else wrote meanwhile. Errors: Unreachable, also when it isn't allowed.
    """

    def write() -> Book:
        there = namespace.get("configmaps", NAME)
        book = _book(namespace, there)
        grown = book.grown(entries(book))
        return book if grown is book else _written(namespace, grown, there)

    return written_among_others(namespace, WHAT, NAME, write)


def _written(namespace: Namespace, book: Book, there: Json | None) -> Book:
    anchor = {"hash": book.anchor, "dropped": book.dropped}
    data = {"lines": "\n".join(map(written, book.lines)), "anchor": written(anchor)}
    done = put_config_map(namespace, NAME, there, data)
    return evolve(book, version=done["metadata"]["resourceVersion"])

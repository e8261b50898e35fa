"""Where a ledger is kept: ConfigMap promokit-ledger, written compare-and-set by resourceVersion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import evolve

from promokit.cluster.namespace import Namespace
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
    data = namespace.get("configmaps", NAME)
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
    return Book(lines, anchor["hash"], anchor["dropped"], data["metadata"]["resourceVersion"], data["metadata"])


def _read(what: str, text: str) -> dict[str, Any]:
    try:
        return read(text)
    except ValueError as error:
        raise ValueError(what) from error


def append(
    namespace: Namespace, entries: Callable[[Book], Sequence[Mapping[str, Any]]], known: Book | None = None
) -> Book:
    """Append lines compare-and-set and return the ledger as it then is.

    `entries` is asked again whenever somebody else wrote meanwhile. `known` is the ledger as somebody has just read it.
    Errors: Unreachable, also when it isn't allowed.
    """
    read = [] if known is None else [known]

    def write() -> Book:
        book = read.pop() if read else read_book(namespace)
        grown = book.grown(entries(book))
        return book if grown is book else _written(namespace, grown)

    return written_among_others(namespace, WHAT, NAME, write)


def _written(namespace: Namespace, book: Book) -> Book:
    anchor = {"hash": book.anchor, "dropped": book.dropped}
    data = {"lines": "\n".join(map(written, book.lines)), "anchor": written(anchor)}
    done = put_config_map(namespace, NAME, None if book.version is None else {"metadata": book.metadata}, data)
    return evolve(book, version=done["metadata"]["resourceVersion"], metadata=done["metadata"])

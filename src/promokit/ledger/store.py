"""Where a ledger is kept: ConfigMap promokit-ledger, written compare-and-set by resourceVersion."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import evolve

from promokit.cluster.namespace import Namespace
from promokit.cluster.transport import Conflict
from promokit.errors import PromokitError, Unreachable, VerificationFailed
from promokit.ledger.book import Book
from promokit.ledger.chain import START
from promokit.ledger.lines import read, written

__all__ = ["NAME", "Book", "append", "read_book"]

NAME = "promokit-ledger"
_TRIES = 60
_ANCHOR: Mapping[str, Any] = {"hash": START, "dropped": 0}
_PAUSES = (0.5, 1.0, 2.0)


def read_book(namespace: Namespace) -> Book:
    """Read an environment's ledger; an empty one where there is none yet. Unreachable or VerificationFailed."""
    data = namespace.get("configmaps", NAME)
    if data is None:
        return Book()
    try:
        content = data.get("data", {})
        lines = tuple(read(each) for each in content.get("lines", "").splitlines())
        anchor = {**_ANCHOR, **read(content.get("anchor", "{}"))}
        if any(type(anchor[key]) is not type(value) for key, value in _ANCHOR.items()):
            raise ValueError("the anchor's fields are of other types")
    except ValueError as error:
        raise VerificationFailed(
            "the ledger can't be read: a line of it is not one of ours",
            where=f"ConfigMap {NAME} in {namespace.name}",
            remedy="see who edited it (its managedFields) and restore it: its holds and history are worth it",
        ) from error
    return Book(lines, anchor["hash"], anchor["dropped"], data["metadata"]["resourceVersion"])


def append(namespace: Namespace, entries: Callable[[Book], Sequence[Mapping[str, Any]]]) -> Book:
    """Append lines compare-and-set and return the ledger as it then is.

    `entries` is asked again whenever somebody else wrote meanwhile. Errors: Unreachable, also when it isn't allowed.
    """
    outages = list(_PAUSES)
    for attempt in range(_TRIES):
        try:
            book = read_book(namespace)
            grown = book.grown(entries(book))
            return book if grown is book else _written(namespace, grown)
        except Conflict:
            time.sleep(random.uniform(0.02, 0.1) * min(attempt + 1, 10))  # noqa: S311 - spreads writers, guards nothing
        except Unreachable:
            if not outages:
                raise
            time.sleep(outages.pop(0))
        except VerificationFailed:
            raise
        except PromokitError as error:
            raise Unreachable(
                f"the ledger can't be written: {error.what}",
                where=f"ConfigMap {NAME} in {namespace.name}",
                remedy=error.remedy or "allow this role to write it: see rbac.yaml beside the manifests",
            ) from error
    raise Unreachable("the ledger is written by too many at once", where=namespace.name, remedy="run this again")


def _written(namespace: Namespace, book: Book) -> Book:
    anchor = {"hash": book.anchor, "dropped": book.dropped}
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NAME, "namespace": namespace.name},
        "data": {
            "lines": "\n".join(map(written, book.lines)),
            "anchor": written(anchor),
        },
    }
    if book.version is None:
        done = namespace.create("configmaps", body)
    else:
        body["metadata"]["resourceVersion"] = book.version
        done = namespace.replace("configmaps", NAME, body)
    return evolve(book, version=done["metadata"]["resourceVersion"])

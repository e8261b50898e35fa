"""Where a ledger is kept: ConfigMap promokit-ledger, written compare-and-set by resourceVersion."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen

from promokit.cluster.namespace import Namespace
from promokit.cluster.transport import Conflict
from promokit.errors import PromokitError, Unreachable, VerificationFailed
from promokit.ledger.chain import START, Line, chained
from promokit.ledger.record import holds

NAME = "promokit-ledger"
KEPT_OPERATIONS = 200
_TRIES = 12
_ANCHOR: Mapping[str, Any] = {"hash": START, "dropped": 0}
_PAUSES = (0.5, 1.0, 2.0)


@frozen
class Book:
    """A ledger as read: the lines kept, the anchor of what was dropped, and the version it was read at."""

    lines: tuple[Line, ...] = ()
    anchor: str = START
    dropped: int = 0
    version: str | None = None

    @property
    def head(self) -> str:
        """The hash of the newest line; that of the start for an empty ledger."""
        return str(self.lines[-1].get("hash", "")) if self.lines else self.anchor

    @property
    def holds(self) -> dict[str, str]:
        """The digests held here, each with its reason."""
        return holds(self.lines)


def read_book(namespace: Namespace) -> Book:
    """Read an environment's ledger; an empty one where there is none yet. Unreachable or VerificationFailed."""
    data = namespace.get("configmaps", NAME)
    if data is None:
        return Book()
    try:
        content = data.get("data", {})
        lines = tuple(_object(each) for each in content.get("lines", "").splitlines())
        anchor = {**_ANCHOR, **_object(content.get("anchor", "{}"))}
        if any(type(anchor[key]) is not type(value) for key, value in _ANCHOR.items()):
            raise ValueError("the anchor's fields are of other types")
    except ValueError as error:
        raise VerificationFailed(
            "the ledger can't be read: a line of it is not one of ours",
            where=f"ConfigMap {NAME} in {namespace.name}",
            remedy="see who edited it (its managedFields) and restore it: its holds and history are worth it",
        ) from error
    return Book(lines, anchor["hash"], anchor["dropped"], data["metadata"]["resourceVersion"])


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def append(namespace: Namespace, entries: Callable[[Book], Sequence[Mapping[str, Any]]]) -> Book:
    """Append lines compare-and-set and return the ledger as it then is.

    `entries` is asked again whenever somebody else wrote meanwhile. Errors: Unreachable, also when it isn't allowed.
    """
    outages = list(_PAUSES)
    for attempt in range(_TRIES):
        try:
            book = read_book(namespace)
            grown = _grown(book, entries(book))
            return book if grown is book else _written(namespace, grown)
        except Conflict:
            time.sleep(random.uniform(0.02, 0.1) * (attempt + 1))  # noqa: S311 - spreads writers, guards nothing
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


def _grown(book: Book, entries: Sequence[Mapping[str, Any]]) -> Book:
    lines, head = list(book.lines), book.head
    for each in entries:
        lines.append(chained(each, head))
        head = lines[-1]["hash"]
    if len(lines) == len(book.lines):
        return book
    return _trimmed(Book(tuple(lines), book.anchor, book.dropped, book.version))


def _trimmed(book: Book) -> Book:
    """Keep the newest operations whole; what goes leaves the hash of its last line and its number.

    A hold that would go with them is carried on as a line of its own, so that the chain vouches for it.
    """
    newest = list(dict.fromkeys(each.get("op") for each in reversed(book.lines)))[:KEPT_OPERATIONS]
    first = next(number for number, each in enumerate(book.lines) if each.get("op") in newest)
    if first == 0:
        return book
    gone, kept = book.lines[:first], list(book.lines[first:])
    for line in _carried(gone, book.lines):
        kept.append(chained(line, str(kept[-1].get("hash", ""))))
    return Book(tuple(kept), str(gone[-1].get("hash", "")), book.dropped + first, book.version)


def _carried(gone: Sequence[Line], lines: Sequence[Line]) -> list[dict[str, Any]]:
    held = holds(lines)
    chain = {"before", "hash"}
    newest = {str(each.get("digest")): each for each in gone if each.get("kind") == "hold"}
    again = {str(each.get("digest")) for each in lines[len(gone) :] if each.get("kind") == "hold"}
    return [
        {**{key: value for key, value in line.items() if key not in chain}, "carried": True}
        for digest, line in newest.items()
        if digest in held and digest not in again
    ]


def _written(namespace: Namespace, book: Book) -> Book:
    anchor = {"hash": book.anchor, "dropped": book.dropped}
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NAME, "namespace": namespace.name},
        "data": {
            "lines": "\n".join(json.dumps(each, separators=(",", ":")) for each in book.lines),
            "anchor": json.dumps(anchor, separators=(",", ":")),
        },
    }
    if book.version is None:
        done = namespace.create("configmaps", body)
    else:
        body["metadata"]["resourceVersion"] = book.version
        done = namespace.replace("configmaps", NAME, body)
    return Book(book.lines, book.anchor, book.dropped, done["metadata"]["resourceVersion"])

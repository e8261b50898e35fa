"""Which lines that were told are to be taken in: those that a ledger hasn't got. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from promokit.errors import ConfigError
from promokit.ledger.book import Book
from promokit.ledger.lines import Line, bounded
from promokit.ledger.record import TAKEN_IN, opened, time_of
from promokit.ledger.told import Told, wrong


def missing(book: Book, told: Sequence[Told]) -> list[Line]:
    """Return the lines that the ledger hasn't got. Of an operation that has ended there, nothing is missing.

    ConfigError for what contradicts the ledger, for what may have been there before older lines were dropped, and for
    operations that aren't begun without a ledger: only a rollback is.
    """
    there = {(each.get("line"), each.get("op")) for each in book.lines}
    for each in told:
        if each.line["line"] == "opened":
            _check(book, each)
    return [each.line for each in told if (each.line["line"], each.line["op"]) not in there]


def taken_in(line: Line, at: datetime, **by: Any) -> dict[str, Any]:
    """Return a line as it is taken in: it says when, and by whom."""
    told = {"at": at.isoformat(timespec="seconds"), **{key: it for key, it in by.items() if it}}
    return {**line, TAKEN_IN: bounded(TAKEN_IN, told)}


def _check(book: Book, begun: Told) -> None:
    line, known = begun.line, opened(book.lines, str(begun.line["op"]))
    if known is not None:
        if any(known.get(key) != line[key] for key in ("kind", "image")):
            raise wrong(begun.number, "the ledger says otherwise of this operation", "see promokit history")
        return
    if line["kind"] != "rollback":
        what = f"its {line['kind']} isn't in this ledger, and isn't begun without one"
        raise wrong(begun.number, what, "record what runs: promokit adopt, with a reason")
    in_time = (each for each in book.lines if not each.get("carried") and not each.get(TAKEN_IN))
    oldest = next(map(time_of, in_time), None)
    if book.dropped and oldest is not None and begun.at < oldest:
        raise ConfigError(
            f"line {begun.number} is older than all that this ledger keeps: whether it was there can't be told",
            remedy="hold what it held: promokit hold",
        )

"""A ledger as it was read. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, field, frozen

from promokit.ledger.chain import START, Break, Line, chained, verify
from promokit.ledger.record import holds
from promokit.ledger.trimming import carried, first_kept, may_have_dropped


@frozen
class Book:
    """A ledger as read: the lines kept, the anchor of what was dropped, and the version it was read at.

    `metadata` is its ConfigMap's, in which others may have labels and annotations.
    """

    lines: tuple[Line, ...] = ()
    anchor: str = START
    dropped: int = 0
    version: str | None = None
    metadata: Mapping[str, Any] = field(factory=dict, eq=False, repr=False)

    @property
    def head(self) -> str:
        """The hash of the newest line; that of the start for an empty ledger."""
        return str(self.lines[-1].get("hash", "")) if self.lines else self.anchor

    @property
    def holds(self) -> dict[str, str]:
        """The digests held here, each with its reason."""
        return holds(self.lines)

    def broken(self, head: str | None = None) -> Break | None:
        """Return the first break of the chain, or None if it holds; with a published `head` a cut tail is one too."""
        if self.dropped and not may_have_dropped(self.lines):
            return Break(1, "lines before it were removed: older ones are dropped only from a longer ledger")
        return verify(self.lines, self.anchor, head)

    def follows(self, before: Book) -> bool:
        """Say whether this ledger still has the newest line of an earlier reading."""
        return any(before.head == each for each in (self.anchor, *(line.get("hash") for line in self.lines)))

    def grown(self, entries: Sequence[Mapping[str, Any]]) -> Book:
        """Return the ledger with these lines appended, and with what is too old dropped from it.

        What goes leaves the hash of its last line and its number; what still counts is carried on as lines of its own.
        """
        if not entries:
            return self
        book = self._with(entries)
        first = first_kept(book.lines)
        if first == 0:
            return book
        gone = book.lines[:first]
        left = evolve(
            book, lines=book.lines[first:], anchor=str(gone[-1].get("hash", "")), dropped=book.dropped + first
        )
        return left._with(carried(book.lines, first, book.dropped))

    def _with(self, entries: Sequence[Mapping[str, Any]]) -> Book:
        lines, head = list(self.lines), self.head
        for each in entries:
            lines.append(chained(each, head))
            head = lines[-1]["hash"]
        return evolve(self, lines=tuple(lines))

"""Which lines that were told a ledger takes in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from promokit.errors import ConfigError
from promokit.ledger import trimming
from promokit.ledger.book import Book
from promokit.ledger.intake import missing, taken_in
from promokit.ledger.record import TAKEN_IN, entry, holds, in_order, newest_change, succeeded, unsettled
from promokit.ledger.told import Told, read_told
from tests.factories import NOW, digest, image
from tests.ledger.test_told import ALL, BEGUN, ENDED, HELD, OP, PROD, told

Line = dict[str, Any]


def read(*lines: Line) -> list[Told]:
    return read_told(told(*lines), PROD, NOW)


def operation(number: int, minutes: int, outcome: str = "succeeded") -> list[Line]:
    """A promotion that began so many minutes before now, and took one."""
    op, at = f"{number:012x}", NOW - timedelta(minutes=minutes)
    previous = {"main-app/main-app": str(image("a"))}
    return [
        entry("opened", "promotion", op, at, image=str(image(f"{number:x}"[-1])), previous=previous),
        entry("closed", "promotion", op, at + timedelta(minutes=1), outcome=outcome, reason="x"),
    ]


def took(book: Book) -> Book:
    return book.grown([taken_in(each, NOW, actor="bob") for each in missing(book, read(*ALL))])


def test_a_ledger_takes_in_what_it_has_not_got_and_nothing_twice() -> None:
    """The lines are chained to those before, and each says who took it in, and when."""
    book = took(Book().grown(operation(1, 60)))
    assert [each["op"] for each in book.lines[2:]] == [OP, f"hold-{OP}", OP]
    assert all(each[TAKEN_IN] == {"at": "2026-11-24T12:00:00+00:00", "actor": "bob"} for each in book.lines[2:])
    assert book.broken() is None
    assert missing(book, read(*ALL)) == []
    assert took(book) == book


def test_an_operation_that_is_open_gets_its_end() -> None:
    """Its first line could be written, the last one not."""
    book = Book().grown([BEGUN, HELD])
    assert missing(book, read(*ALL)) == [ENDED]


def test_an_operation_that_has_ended_in_the_ledger_is_left_alone() -> None:
    """Whoever came next closed it as interrupted: that stands."""
    book = Book().grown([BEGUN, HELD, entry("closed", "rollback", OP, NOW, outcome="inconclusive")])
    assert missing(book, read(*ALL)) == []


def test_a_promotion_is_not_begun_without_a_ledger() -> None:
    """So its first line can't be missing: that would be a way around every gate's record."""
    begun, ended = operation(7, 5)
    with pytest.raises(ConfigError, match=r"line 1 .*isn't begun without one"):
        missing(Book(), read(begun, ended))
    assert missing(Book().grown([begun]), read(begun, ended)) == [ended]


def test_what_the_ledger_says_otherwise_is_refused() -> None:
    """The same operation with another image isn't the same operation."""
    book = Book().grown([{**BEGUN, "image": str(image("c"))}])
    with pytest.raises(ConfigError, match=r"line 1 .*says otherwise"):
        missing(book, read(*ALL))


def test_what_may_have_been_dropped_is_not_taken_in_again() -> None:
    """A ledger that is longer than it keeps can't tell whether it had them."""
    book = evolve(Book().grown(operation(1, 1)), dropped=400)
    with pytest.raises(ConfigError, match="older than all that this ledger keeps"):
        missing(book, read(*ALL))


def test_when_lines_were_dropped_is_not_told_by_what_was_taken_in_later() -> None:
    """Its time is older than that at which it was written: what was dropped before it may be younger."""
    taken = [taken_in(each, NOW, actor="bob") for each in operation(2, 60)]
    book = evolve(Book().grown([*taken, *operation(1, 1)]), dropped=400)
    with pytest.raises(ConfigError, match="older than all that this ledger keeps"):
        missing(book, read(*ALL))


def test_it_counts_as_if_it_had_been_written_in_time() -> None:
    """After what was before it, before what came later, though its lines stand at the end."""
    before, after = operation(2, 30), operation(3, 1)
    alone = took(Book().grown(before))
    assert newest_change(alone.lines) == (alone.lines[2], alone.lines[4])
    assert [each.kind for each in succeeded(alone.lines)] == ["rollback", "promotion"]
    book = took(Book().grown([*before, *after]))
    assert [each["op"] for each in in_order(book.lines)][2:5] == [OP, f"hold-{OP}", after[0]["op"]]
    assert (newest_change(book.lines) or ({},))[0]["op"] == after[0]["op"]
    assert unsettled(book.lines) == ""
    assert set(book.holds) == {str(digest("b"))}


def test_a_hold_that_was_released_since_stays_released() -> None:
    """The release is the newer word."""
    release = entry("noted", "release", "release-1", NOW, digest=str(digest("b")), reason="fine")
    assert holds(took(Book().grown([release])).lines) == {}


def test_what_was_taken_in_is_carried_on_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """When older operations are dropped, the hold stays, and the order is still that of the times."""
    monkeypatch.setattr(trimming, "KEPT_OPERATIONS", 2)
    book = took(Book().grown([*operation(2, 30), *operation(3, 1)]))
    for number in (4, 5, 6):
        book = book.grown(operation(number, 0))
    assert book.broken() is None
    assert set(book.holds) == {str(digest("b"))}
    carried = [each["op"] for each in in_order(book.lines) if each.get("carried")]
    assert carried.index(OP) < carried.index(f"{3:012x}")


@pytest.mark.parametrize("at", ["", "yesterday", "2026-11-24"])
def test_a_line_whose_time_somebody_edited_breaks_nothing(at: str) -> None:
    """The chain says that it was edited; readers go on."""
    book = took(Book().grown(operation(2, 30)))
    lines = [{**each, "at": at} for each in book.lines]
    assert len(in_order(lines)) == len(lines)

"""What is left of a ledger that has become too long tells its readers the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from promokit.ledger import trimming
from promokit.ledger.book import Book
from promokit.ledger.chain import START
from promokit.ledger.lines import Line, written
from promokit.ledger.record import (
    digest_in,
    end_of,
    entry,
    holds,
    migrations,
    newest_change,
    overrides,
    recorded,
    succeeded,
    unfinished,
)
from tests.factories import NOW, digest, image

Entries = list[dict[str, Any]]
LIMIT = 1024 * 1024
"""Bytes of all data of a ConfigMap (k8s.io/api core/v1, MaxSecretSize, which validation takes for both)."""


def operation(op: str, which: str, outcome: str = "succeeded", kind: str = "promotion", **facts: Any) -> Entries:
    previous = {"main-app/main-app": str(image("0")), "worker-app/worker": str(image("0"))}
    return [
        entry("opened", kind, op, NOW, image=str(image(which)), previous=previous, **facts),
        entry("closed", kind, op, NOW, outcome=outcome, migration=facts.get("migration")),
    ]


def note(op: str, kind: str, which: str, **facts: Any) -> dict[str, Any]:
    return entry("noted", kind, op, NOW, digest=str(digest(which)), reason="a reason", **facts)


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that keeps three operations."""
    monkeypatch.setattr(trimming, "KEPT_OPERATIONS", 3)


def after(*acts: Entries) -> tuple[Book, list[Line]]:
    """The ledger after these acts, and all lines that were ever written to it but for those that were carried on."""
    book, whole = Book(), Book()
    for each in acts:
        book, whole = book.grown(each), Book((*whole.lines, *each))
    return book, list(whole.lines)


def notes(number: int) -> list[Entries]:
    return [[note(f"n{each}", "release", "f")] for each in range(number)]


@pytest.mark.usefixtures("three")
def test_what_should_run_survives() -> None:
    """The drift gate compares with it: an adoption, or the newest operation with what it may have left."""
    adopted = [entry("noted", "adopt", "a1", NOW, images={"main-app/main-app": str(image("d"))}, reason="by hand")]
    for act in (adopted, operation("1", "a"), operation("2", "b", "failed"), operation("3", "c")[:1]):
        book, whole = after(operation("0", "e"), act, *notes(9))
        assert book.dropped > 0
        assert recorded(book.lines) == recorded(whole) != {}


@pytest.mark.usefixtures("three")
def test_the_way_back_survives_and_keeps_its_order() -> None:
    """However often the lines are carried on, the newest image that succeeded comes first."""
    book, _ = after(operation("1", "a"), operation("2", "b"), *notes(3), operation("3", "c", "failed"), *notes(20))
    assert [each.image for each in succeeded(book.lines)] == [str(image("b")), str(image("a"))]
    assert newest_change(book.lines) is not None
    assert digest_in(str(newest_change(book.lines)[0]["image"])) == str(digest("c"))  # type: ignore[index]


@pytest.mark.usefixtures("three")
def test_overrides_survive() -> None:
    """The freeze may last longer than 200 operations."""
    book, whole = after([note("o1", "override", "a", gate="freeze")], *notes(9))
    assert overrides(book.lines, "freeze") == overrides(whole, "freeze") != {}


@pytest.mark.usefixtures("three")
def test_a_migration_survives_that_ran_for_what_runs() -> None:
    """Else SANDBOX would refuse what TEST has run for long, once the Job is gone."""
    migrated = [
        entry("opened", "migration", "2", NOW, image=str(image("a"))),
        entry("closed", "migration", "2", NOW, outcome="succeeded", migration="succeeded"),
    ]
    book, _ = after(operation("1", "a"), migrated, *notes(9))
    assert migrations(book.lines) == {str(digest("a"))}


@pytest.mark.usefixtures("three")
def test_what_is_carried_on_is_small() -> None:
    """What only tells how it was decided stays behind."""
    facts: dict[str, Any] = {
        "gates": {"ci": "it succeeded"},
        "approvers": ["bob"],
        "plan": "f" * 64,
        "holder": "x",
        "actor": "alice",
    }
    book, _ = after(operation("1", "a", **facts), *notes(9))
    line = next(each for each in book.lines if each["op"] == "1")
    assert set(line) == {"carried", "at", "line", "kind", "op", "image", "previous", "actor", "before", "hash"}
    assert line["carried"] == 1


DIGESTS = st.sampled_from("abcde")
ACTS = st.one_of(
    st.builds(
        lambda which, outcome, kind, migration: ("operation", which, outcome, kind, migration),
        DIGESTS,
        st.sampled_from(["succeeded", "failed", "inconclusive", "open"]),
        st.sampled_from(["promotion", "rollback", "migration"]),
        st.sampled_from(["succeeded", "failed", None]),
    ),
    st.tuples(st.sampled_from(["hold", "release", "override", "adopt"]), DIGESTS),
)


def entries_of(number: int, act: tuple[Any, ...]) -> Entries:
    """What an act writes; the one before it was closed then, as whoever comes next does."""
    kind, which, op = act[0], act[1], f"op{number}"
    if kind == "operation":
        lines = operation(op, which, act[2], act[3], migration=act[4])
        return lines[:1] if act[2] == "open" else lines
    if kind == "adopt":
        return [entry("noted", "adopt", op, NOW, images={"main-app/main-app": str(image(which))}, reason="by hand")]
    gate = {"gate": "freeze"} if kind == "override" else {}
    return [{**note(op, kind, which, **gate), "at": (NOW + timedelta(minutes=number)).isoformat()}]


def ways_back(lines: list[Line] | tuple[Line, ...]) -> dict[str, str | None]:
    """The newest good image that isn't held, for each that may run at present."""
    held, good = holds(lines), [each.image for each in succeeded(lines)]
    return {
        present: next((each for each in good if digest_in(each) not in {str(digest(present)), *held}), None)
        for present in "abcdef"
    }


def outcome_of_newest(lines: list[Line] | tuple[Line, ...]) -> tuple[Any, Any] | None:
    newest = newest_change(lines)
    return None if newest is None else (newest[0]["op"], (end_of(lines, newest[0]) or {}).get("outcome"))


@given(st.lists(ACTS, max_size=30))
def test_readers_of_a_trimmed_ledger_are_told_the_same(acts: list[tuple[Any, ...]]) -> None:
    """Holds, overrides, what should run, the newest change, the way back and its migration: all by what was kept."""
    book, whole = Book(), list[Line]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trimming, "KEPT_OPERATIONS", 3)
        for number, act in enumerate(acts):
            lines = entries_of(number, act)
            open_before = [
                entry("closed", str(each["kind"]), str(each["op"]), NOW, outcome="inconclusive", reason="interrupted")
                for each in unfinished(whole)
                if act[0] == "operation"
            ]
            book, whole = book.grown([*open_before, *lines]), [*whole, *open_before, *lines]
            assert book.broken() is None
            assert holds(book.lines) == holds(whole)
            assert overrides(book.lines, "freeze") == overrides(whole, "freeze")
            assert recorded(book.lines) == recorded(whole)
            assert outcome_of_newest(book.lines) == outcome_of_newest(whole)
            assert ways_back(book.lines) == ways_back(whole)
            running = {digest_in(each) for images in recorded(whole).values() for each in images}
            good = {digest_in(each.image) for each in succeeded(whole)}
            assert migrations(book.lines) & (running | good) == migrations(whole) & (running | good)


def test_a_ledger_cut_at_its_beginning_is_told() -> None:
    """Lines are dropped only from a long ledger: a short one with an anchor was cut by somebody."""
    book, _ = after(operation("1", "a"), operation("2", "b"))
    cut = evolve(book, lines=book.lines[2:], anchor=str(book.lines[1]["hash"]), dropped=2)
    broken = cut.broken()
    assert broken is not None
    assert (broken.line, "were removed" in broken.what) == (1, True)
    assert evolve(cut, dropped=0, anchor=START).broken() is not None


LONG = "ä long tale \U0001f4dc " * 500
USUAL = "the commit c0ffee0000 is on master; its tags can't be moved; run 12345678901"


def told(number: int, workloads: int, words: str, images: int = 1) -> Entries:
    """An operation that says all that may be said; each answer of a gate, and why it failed, in these words."""
    names = [f"payments-service-{each:02}/payments-service" for each in range(workloads)]
    host = "123456789012.dkr.ecr.us-east-1.amazonaws.com/a-long-repository/for-the-product"
    before = {name: f"{host}:2026.11.24.{each % images:04}@{digest()}" for each, name in enumerate(names)}
    gates = ("healthy", "differs", "bake", "ci", "origin", "platform", "drift", "hold", "freeze", "approvals")
    run = "https://github.com/an-organization/a-repository/actions/runs/12345678901"
    who = "arn:aws:sts::123456789012:assumed-role/promokit-prod/GitHubActions-1234567890"
    opening = {
        **{"actor": "a-person-with-a-name", "holder": f"{run}/attempts/1", "run": run, "attempt": 1, "identity": who},
        **{"image": f"{host}:2026.11.25.0001@{digest()}", "previous": before, "from": "sandbox", "revision": "c" * 40},
        **{"plan": "f" * 64, "approvers": [f"an-approver-{each}" for each in range(4)]},
        "gates": dict.fromkeys(gates, words),
    }
    closing = {"outcome": "failed", "reason": "no-progress", "migration": "failed", "duration": 1234.5}
    return [
        entry("opened", "promotion", f"{number:012}", NOW, **opening),
        entry("closed", "promotion", f"{number:012}", NOW, **closing, image=opening["image"], why=words),
    ]


def size(book: Book) -> int:
    return sum(len(written(each)) + 1 for each in book.lines)


def operations_of(book: Book) -> int:
    return len({each["op"] for each in book.lines if not each.get("carried")})


def full(workloads: int, words: str, images: int = 1) -> Book:
    """A ledger into which more was written than it keeps, with holds for long reasons."""
    acts = [each for number in range(230) for each in told(number, workloads, words, images)]
    held = [entry("noted", "hold", f"h{each}", NOW, digest=str(digest("a")), reason=words) for each in range(20)]
    return Book().grown([*held, *acts])


@pytest.mark.parametrize(("workloads", "words"), [(2, LONG), (50, USUAL)])
def test_two_hundred_operations_are_well_under_the_limit_of_an_object(workloads: int, words: str) -> None:
    """Two workloads, and reasons and answers in letters of twelve bytes; or fifty workloads and what is usual."""
    book = full(workloads, words)
    assert size(book) < 0.9 * LIMIT
    assert operations_of(book) == 200
    assert book.broken() is None
    assert book.holds


@pytest.mark.parametrize(("workloads", "images", "at_least"), [(50, 1, 120), (100, 100, 30)])
def test_fewer_operations_are_kept_where_they_are_too_large(workloads: int, images: int, at_least: int) -> None:
    """Fifty workloads at length, or a hundred that each ran another image: still under the limit, and no cut."""
    book = full(workloads, LONG, images)
    assert size(book) < 0.9 * LIMIT
    assert at_least < operations_of(book) < 200
    assert book.broken() is None
    assert book.grown(told(999, workloads, LONG, images)).broken() is None

from datetime import timedelta
from typing import Any

import pytest

from promokit.ledger.record import (
    Failure,
    Good,
    digest_in,
    entry,
    failures,
    holds,
    migrations,
    opened,
    overrides,
    recorded,
    succeeded,
    unfinished,
    unsettled,
)
from tests.factories import NOW, digest, image

Line = dict[str, Any]


def began(op: str, which: str = "a", kind: str = "promotion") -> Line:
    return entry("opened", kind, op, NOW, image=str(image(which)))


def ended(op: str, outcome: str = "succeeded", kind: str = "promotion", **facts: Any) -> Line:
    return entry("closed", kind, op, NOW, outcome=outcome, **facts)


def noted(kind: str, which: str, reason: str = "bad") -> Line:
    return entry("noted", kind, f"{kind}-1", NOW, digest=str(digest(which)), reason=reason)


def test_facts_without_a_value_are_left_out() -> None:
    """A line holds what is known; a false and a zero are known."""
    line = entry("closed", "rollout", "op", NOW, run="", approvers=[], attempt=None, rolled_back=False, duration=0)
    assert line == {
        "at": "2026-11-24T12:00:00+00:00",
        "line": "closed",
        "kind": "rollout",
        "op": "op",
        "rolled_back": False,
        "duration": 0,
    }


def test_operations_that_were_never_closed_are_unfinished() -> None:
    """In the order they began."""
    lines = [began("1"), began("2"), ended("1"), began("3")]
    assert [each["op"] for each in unfinished(lines)] == ["2", "3"]


def test_the_opened_line_of_an_operation_is_found() -> None:
    """None where it was never opened here."""
    lines = [began("1"), ended("1")]
    assert opened(lines, "1") == lines[0]
    assert opened(lines, "2") is None


def test_the_images_that_succeeded_come_newest_first() -> None:
    """What failed, was cut off or never closed isn't among them; the image is the opened line's, whole."""
    lines = [
        *(began("1", "a"), ended("1")),
        *(began("2", "b"), ended("2", "failed")),
        *(began("3", "c", "rollback"), ended("3", kind="rollback")),
        began("4", "d"),
    ]
    assert [each.image for each in succeeded(lines)] == [str(image("c")), str(image("a"))]
    assert succeeded(lines)[0] == Good(str(image("c")), "2026-11-24T12:00:00+00:00", "rollback", "3")


def test_a_closed_line_whose_beginning_was_dropped_proves_no_image() -> None:
    """The image stands in the opened line alone."""
    assert succeeded([ended("1")]) == []


def test_a_migration_that_succeeded_belongs_to_its_digest() -> None:
    """Also where the rollout after it failed; a failed migration doesn't count."""
    lines = [
        *(began("1", "a"), ended("1", migration="succeeded")),
        *(began("2", "b"), ended("2", "failed", migration="failed")),
        *(began("3", "c"), ended("3", "failed", migration="succeeded")),
    ]
    assert migrations(lines) == {str(digest("a")), str(digest("c"))}


def test_what_was_cut_off_or_failed_is_unsettled_until_it_succeeds_or_is_taken_over() -> None:
    """So that whoever begins it again may finish it, though its image is there already."""
    assert unsettled([]) == ""
    assert unsettled([began("1")]) == str(digest())
    for outcome in ("inconclusive", "failed", "timed_out"):
        assert unsettled([began("1"), ended("1", outcome)]) == str(digest())
    assert unsettled([began("1"), ended("1")]) == ""
    assert unsettled([began("1"), ended("1", "inconclusive"), began("2"), ended("2")]) == ""
    assert unsettled([began("1"), ended("1", "inconclusive"), adopted("a")]) == ""


def test_a_hold_lasts_until_it_is_released() -> None:
    """The newest reason is told; releasing what isn't held does nothing."""
    lines = [noted("hold", "a", "first"), noted("hold", "a", "second"), noted("hold", "b"), noted("release", "b")]
    assert holds([*lines, noted("release", "c")]) == {str(digest("a")): "second"}


def test_a_released_digest_is_held_no_more() -> None:
    """The last word counts."""
    assert holds([noted("hold", "a"), noted("release", "a")]) == {}
    assert set(holds([noted("release", "a"), noted("hold", "a")])) == {str(digest("a"))}


def from_b_to_a(kind: str = "promotion", **facts: Any) -> Line:
    return entry("opened", kind, "2", NOW, image=str(image()), previous={"app/app": str(image("b"))}, **facts)


def adopted(which: str) -> Line:
    return entry("noted", "adopt", "adopt-1", NOW, images={"app/app": str(image(which))}, reason="by hand")


BEFORE = [began("1", "c"), ended("1")]


@pytest.mark.parametrize(
    ("lines", "images"),
    [
        ([from_b_to_a(), ended("2")], "a"),
        ([from_b_to_a("rollback"), ended("2")], "a"),
        ([*BEFORE, from_b_to_a(), ended("2")], "a"),
        ([from_b_to_a()], "ab"),
        ([from_b_to_a(), ended("2", "failed")], "ab"),
        ([*BEFORE, from_b_to_a(), ended("2", "failed")], "abc"),
        ([*BEFORE, from_b_to_a(), ended("2", "failed", rolled_back=True)], "bc"),
        ([from_b_to_a(), ended("2", "inconclusive")], "ab"),
        ([adopted("d")], "d"),
        ([from_b_to_a(), ended("2"), adopted("d")], "d"),
        ([adopted("d"), from_b_to_a(), ended("2")], "a"),
        ([from_b_to_a(), ended("2"), noted("hold", "a"), began("3", "d", "migration")], "a"),
    ],
)
def test_the_ledger_says_what_each_workload_may_run(lines: list[Line], images: str) -> None:
    """One image after a success or an adoption; otherwise what an operation may have left."""
    assert recorded(lines) == {"app/app": tuple(str(image(each)) for each in images)}


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [noted("hold", "a")],
        [from_b_to_a("rollback", proven=False), ended("2")],
        [entry("noted", "adopt", "adopt-1", NOW, images="x")],
        [entry("opened", "promotion", "2", NOW, image=7, previous=["x"])],
    ],
)
def test_a_ledger_without_a_change_says_nothing(lines: list[Line]) -> None:
    """Nor one after a rollback by the revision history, where each workload went back to its own."""
    assert recorded(lines) == {}


def test_an_override_is_of_one_gate_and_one_digest() -> None:
    """The newest counts; one whose time can't be read doesn't."""
    lines = [
        entry("noted", "override", "o-1", NOW - timedelta(hours=1), gate="freeze", digest="a"),
        entry("noted", "override", "o-2", NOW, gate="freeze", digest="a"),
        entry("noted", "override", "o-3", NOW, gate="other", digest="b"),
        {**entry("noted", "override", "o-4", NOW, gate="freeze", digest="c"), "at": "yesterday"},
        {**entry("noted", "override", "o-5", NOW, gate="freeze", digest="d"), "at": "2026-11-24T12:00:00"},
    ]
    assert overrides(lines, "freeze") == {"a": NOW}


def test_the_digest_in_an_image() -> None:
    """Empty text for an image that isn't pinned."""
    assert digest_in(str(image())) == str(digest())
    assert digest_in("app:latest") == ""


def test_how_a_digest_failed_here_is_told_until_it_succeeds() -> None:
    """Newest first, with the run; not what ended otherwise, nor other digests, nor what was before a success."""
    opened_by = {**began("4"), "run": "https://example.com/4"}
    lines = [began("1"), ended("1", "failed", reason="quota"), began("2"), ended("2"), began("b", "b")]
    assert failures(lines, str(digest("a"))) == []
    lines += [ended("b", "failed", reason="crash-loop"), began("3"), ended("3", "timed_out", reason="timeout")]
    lines += [opened_by, ended("4", "failed", reason="crash-loop"), began("5"), ended("5", "inconclusive")]
    at = "2026-11-24T12:00:00+00:00"
    assert failures(lines, str(digest("a"))) == [
        Failure(at, "promotion", "failed", "crash-loop", "https://example.com/4"),
        Failure(at, "promotion", "timed_out", "timeout"),
    ]

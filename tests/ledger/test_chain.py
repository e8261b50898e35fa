from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.ledger.chain import START, chained, verify


def chain(length: int = 6, before: str = START) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for number in range(length):
        lines.append(chained({"at": f"t{number}", "op": f"op{number}", "who": "zoë"}, before))
        before = lines[-1]["hash"]
    return lines


def test_a_chain_as_it_was_written_holds() -> None:
    """Also an empty one, one that begins at an anchor, and one whose head was published."""
    lines = chain()
    assert verify(lines) is None
    assert verify([]) is None
    assert verify(lines[2:], anchor=lines[1]["hash"]) is None
    assert verify(lines, head=lines[3]["hash"]) is None


@pytest.mark.parametrize("number", [0, 2, 5])
def test_an_edited_line_is_found_and_named(number: int) -> None:
    """Its content has another hash than it says."""
    lines = chain()
    lines[number]["who"] = "mallory"
    broken = verify(lines)
    assert broken is not None
    assert (broken.line, broken.what) == (number + 1, "this line was edited")


def test_an_edited_line_with_a_new_hash_breaks_the_next() -> None:
    """Whoever mends one hash has to mend every later one."""
    lines = chain()
    lines[2] = chained({"op": "forged"}, lines[1]["hash"])
    broken = verify(lines)
    assert broken is not None
    assert broken.line == 4


@pytest.mark.parametrize("number", [0, 1, 4])
def test_a_removed_line_is_found_at_the_one_after_it(number: int) -> None:
    """The next one doesn't follow from what now stands before it."""
    lines = chain()
    del lines[number]
    broken = verify(lines)
    assert broken is not None
    assert broken.line == number + 1


def test_two_swapped_lines_are_found_at_the_first() -> None:
    """Order is part of the chain."""
    lines = chain()
    lines[1], lines[2] = lines[2], lines[1]
    broken = verify(lines)
    assert broken is not None
    assert broken.line == 2


def test_a_cut_tail_is_found_only_by_a_published_head() -> None:
    """What is left is a whole chain: only a head told outside shows that more was there."""
    lines = chain()
    assert verify(lines[:4]) is None
    broken = verify(lines[:4], head=lines[5]["hash"])
    assert broken is not None
    assert (broken.line, "is missing" in broken.what) == (5, True)


def test_a_rewritten_ledger_is_found_only_by_a_published_head() -> None:
    """Who may write the ledger may rewrite all of it; the head of before isn't in it then."""
    published = chain()[-1]["hash"]
    rewritten = [chained({"op": "forged"}, START)]
    assert verify(rewritten) is None
    assert verify(rewritten, head=published) is not None


def test_the_anchor_is_a_head_too() -> None:
    """A head of just before the lines that are kept is still known."""
    lines = chain()
    assert verify(lines[2:], anchor=lines[1]["hash"], head=lines[1]["hash"]) is None


def test_a_line_without_hashes_is_told_as_edited() -> None:
    """A line that lost its own fields is found like any other edit."""
    lines = chain(3)
    broken = verify([lines[0], {"op": "x"}, lines[2]])
    assert broken is not None
    assert broken.line == 2


@given(st.integers(0, 5), st.sampled_from(["edit", "drop", "swap", "double"]))
def test_no_single_change_goes_unseen(number: int, act: str) -> None:
    """Whatever is done to one line in the middle, the chain breaks at or just after it."""
    lines, whole = chain(8), chain(8)
    if act == "edit":
        lines[number] = {**lines[number], "extra": 1}
    elif act == "drop":
        del lines[number]
    elif act == "swap":
        lines[number], lines[number + 1] = lines[number + 1], lines[number]
    else:
        lines.insert(number, lines[number])
    broken = verify(lines)
    assert lines != whole
    assert broken is not None
    assert broken.line in {number + 1, number + 2}

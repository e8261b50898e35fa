import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.ledger.chain import line_hash
from promokit.ledger.lines import LONGEST, LONGEST_ANSWER, WORDS, bounded, read, written

TEXTS = st.text(max_size=8).filter(lambda text: text not in WORDS)
FACTS = st.recursive(st.none() | st.booleans() | st.integers() | TEXTS, lambda each: st.lists(each, max_size=3))


@given(st.dictionaries(TEXTS, FACTS), st.dictionaries(TEXTS, TEXTS), st.dictionaries(TEXTS, TEXTS))
def test_a_line_is_read_as_it_was(facts: dict[str, Any], previous: dict[str, str], images: dict[str, str]) -> None:
    """On one line of ASCII, whatever is in it; so its hash is the same."""
    line = {**facts, "previous": previous, "images": images}
    text = written(line)
    assert text.isascii()
    assert text.splitlines() == [text]
    assert read(text) == line
    assert line_hash(read(text)) == line_hash(line)


def test_an_image_is_written_once_for_all_workloads() -> None:
    """Fifty workloads that ran one image name it once."""
    images = {f"app-{each}/app": "an-image" for each in range(50)}
    assert json.loads(written({"previous": images})) == {"previous": {"an-image": list(images)}}


def test_what_somebody_edited_is_read_as_it_stands() -> None:
    """Whatever has come there instead."""
    odds: tuple[Any, ...] = ([], 7, None, "x", {"a": 1}, {"a": ["b"], "c": "d"})
    for odd in odds:
        assert read(json.dumps({"previous": odd})) == {"previous": odd}


@pytest.mark.parametrize("text", ["[]", "7", "null", "{", '"text"', "", '{"a": 1} x', '{"op": []}', "[" * 200_000])
def test_what_is_no_line_is_refused(text: str) -> None:
    """Only a JSON object is a line, and what all readers go by is text in it."""
    with pytest.raises(ValueError):  # noqa: PT011 - that is the contract
        read(text)


@pytest.mark.parametrize(("key", "most"), [("reason", LONGEST), ("gates", LONGEST_ANSWER)])
@pytest.mark.parametrize("letter", ["x", "ä", "\U0001f4dc", "\udcff", "\n", '"'])
def test_a_long_fact_is_cut_to_the_bytes_that_it_may_have(key: str, most: int, letter: str) -> None:
    """By its length as JSON, wherever it stands; a short one stays as it is."""
    for value in (letter * 5000, [letter * 5000], {"ci": letter * 5000}):
        cut = json.dumps(bounded(key, value))
        assert most * 0.7 < len(cut) < most + 30
        assert "\\u2026" in cut
    assert bounded(key, letter * 9) == letter * 9


def test_a_long_list_is_cut() -> None:
    """Nobody needs to read of more than fifty."""
    assert len(bounded("approvers", ["bob"] * 999)) == 50
    assert bounded("attempt", 3) == 3
    assert bounded("rolled_back", False) is False

"""The bench's own rules give the seconds that a reader found in recordings from a real node."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.bench import bounds
from tests.bench.verdict_cases import ROWS, Row

TIMELINES = Path(__file__).resolve().parents[1] / "timelines"
EXPECTED = yaml.safe_load((TIMELINES / "expected.yaml").read_text())
PROVEN = [row for row in ROWS if row.bound]


def seen_in(case: str) -> bounds.Seen:
    lines = [json.loads(line) for line in (TIMELINES / f"{case}.jsonl").read_text().splitlines()]
    return [(line["t"], line["object"]) for line in lines if "object" in line]


@pytest.mark.parametrize("row", PROVEN, ids=lambda row: row.letter)
def test_a_rule_says_the_second_that_a_reader_found(row: Row) -> None:
    """They were found by reading, before anything was run."""
    wanted = [it["justified"] for it in EXPECTED[row.case]["verdicts"] if " ".join(row.flags) in it["flags"]]
    assert row.bound is not None
    assert row.bound(seen_in(row.case)) == pytest.approx(wanted[0], abs=0.001)


@pytest.mark.parametrize("row", PROVEN, ids=lambda row: row.letter)
def test_what_has_not_been_shown_has_no_second(row: Row) -> None:
    """Of a recording that ends with the change, nothing is proven."""
    assert row.bound is not None
    assert row.bound([(at, thing) for at, thing in seen_in(row.case) if at <= 0]) is None


def test_a_complete_deployment_is_complete_before_it_is_stable() -> None:
    """Programs that wait for nothing after completion are measured by that."""
    seen = seen_in("success")
    completed, stable = bounds.completed(seen), bounds.complete_for(2)(seen)
    assert completed is not None
    assert stable is not None
    assert 0 < completed < stable <= completed + 2

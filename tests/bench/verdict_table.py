"""What each program said of a case, against what the API showed it, as cells of a table. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from tests.bench.bounds import Bound, Seen
from tests.bench.verdict_cases import Row

HEAD = ("case", "shown by the API", "promokit", "kubectl rollout status", "helm upgrade --wait")
CLOCKS = 0.05
"""Two watches show one change at moments that differ so much at most."""


@frozen
class Result:
    """What a program said of its own Deployment. `ended` is None where it said nothing; times are since the change."""

    ended: float | None
    code: int
    output: str
    seen: Seen


def cells(row: Row, results: Sequence[Result]) -> Sequence[str]:
    """A row: what it is, when promokit's own Deployment justified a verdict, and each program's."""
    bounds = [row.bound, *[row.bound_of_others] * (len(results) - 1)]
    shown = _bound(bounds[0], results[0])
    cell = "nothing proves it" if row.bound is None else "–" if shown is None else f"{shown:.2f}"
    return f"{row.letter} {row.title}", cell, *(_cell(row, it, of) for it, of in zip(results, bounds, strict=True))


def merged(before: Sequence[Sequence[str]], measured: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The rows of before, those that were measured anew in their place, in the order of their letters."""
    return [row for _, row in sorted({**{row[0]: row for row in before}, **{row[0]: row for row in measured}}.items())]


def _cell(row: Row, result: Result, bound: Bound | None) -> str:
    """When it said it, whether that is true, with which reason, and how long after (its own) bound."""
    if result.ended is None:
        return "∅"
    shown = _bound(bound, result)
    true = (result.code == 0) == row.succeeds and shown is not None and result.ended >= shown - CLOCKS
    said = "" if true else "success" if result.code == 0 else "failure"
    after = f"{result.ended - shown:+.2f}" if true and shown is not None else ""
    word = reason(result.output) or said
    return " ".join(filter(None, (f"{result.ended:.2f}", "✔" if true else "✘", word, after)))


def _bound(bound: Bound | None, result: Result) -> float | None:
    return bound(result.seen) if bound else None


def reason(output: str) -> str:
    """The reason word of promokit's JSON; empty for other programs' words."""
    _, mark, text = output.rpartition("\n{\n")
    try:
        said: Any = json.loads("{" + text) if mark else {}
    except ValueError:
        return ""
    return str(said.get("reason", ""))

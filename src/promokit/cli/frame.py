"""The live view's picture: which workloads fit on the terminal, and a line for each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import frozen

from promokit.cli.cells import cells, clipped
from promokit.durations import format_duration
from promokit.outcome import Outcome
from promokit.rollout.standing import Standing, new_available

BAR = 12
LONGEST_NAME = 40
WIDE = 110
"""Columns from which all numbers have room."""
_BAD = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.INCONCLUSIVE)


@frozen
class Glyphs:
    """What a bar is drawn with: new pods that are available, that are made, that are wanted; and how it ended."""

    available: str = "█"
    updated: str = "▒"
    wanted: str = "░"
    good: str = "✓"
    bad: str = "✗"
    more: str = "…"


UNICODE = Glyphs()
ASCII = Glyphs("#", "=", ".", "+", "x", ">")


@frozen
class Line:
    """One line of the picture and the outcome that colours it; empty for none."""

    text: str
    outcome: str = ""


def frame(
    now: float, standings: Sequence[Standing], columns: int, rows: int, glyphs: Glyphs = UNICODE
) -> Sequence[Line]:
    """Return the lines that show how the workloads stand, at most `rows`, each narrower than `columns`.

    Where not all have room, those that matter are shown, in their order, with a count of the others.
    """
    rows = max(rows, 1)
    chosen = _that_matter(standings, rows)
    shown = [standings[each] for each in chosen]
    longest = max((cells(str(each.workload)) for each in shown), default=0)
    width = min(longest, LONGEST_NAME, max(columns // 3, 8))
    lines = [
        Line(clipped(_line(now, each, width, columns, glyphs), columns - 1, glyphs.more), each.verdict.outcome)
        for each in shown
    ]
    if len(shown) < len(standings):
        others = [each for number, each in enumerate(standings) if number not in chosen]
        lines.append(Line(clipped(f"  and {len(others)} others: {counted(others)}", columns - 1, glyphs.more)))
    return lines


def counted(standings: Iterable[Standing]) -> str:
    """Say how many workloads stand how: `150 succeeded, 2 failed`."""
    counts = Counter(str(each.verdict.outcome) for each in standings)
    return ", ".join(f"{count} {word}" for word, count in counts.most_common())


def _that_matter(standings: Sequence[Standing], rows: int) -> Sequence[int]:
    """Choose what has room beside the count of the others: failed, troubled, under way, done, in that order."""
    if len(standings) <= rows:
        return range(len(standings))
    return sorted(sorted(range(len(standings)), key=lambda each: _rank(standings[each]))[: rows - 1])


def _rank(standing: Standing) -> int:
    if standing.verdict.outcome in _BAD:
        return 0
    if standing.verdict.outcome is Outcome.SUCCEEDED:
        return 3
    return 1 if standing.newest else 2


def _line(now: float, standing: Standing, width: int, columns: int, glyphs: Glyphs) -> str:
    verdict = standing.verdict
    name = clipped(str(standing.workload), width, glyphs.more)
    padded = name + " " * (width - cells(name))
    good = glyphs.good if verdict.outcome is Outcome.SUCCEEDED else " "
    mark = glyphs.bad if verdict.outcome in _BAD else good
    words = verdict.reason if verdict.outcome is Outcome.PROGRESSING else f"{verdict.outcome}: {verdict.reason}"
    took = format_duration(int(verdict.t if verdict.final else now))
    counts = _counts(standing, wide=columns >= WIDE)
    parts = (f"{mark} {padded}", bar(standing, glyphs), counts, f"{took:>5}", words, standing.newest)
    return "  ".join(filter(None, parts))


def _counts(standing: Standing, *, wide: bool) -> str:
    """Show the numbers once they are those of this change; where room is scarce, the bar tells the availability."""
    updated = f"{standing.updated if standing.observed else '-'}/{standing.wanted}"
    if not wide:
        return f"{updated:>5}"
    ready, available = (standing.ready, standing.available) if standing.observed else ("-", "-")
    return f"{updated:>5} updated {ready:>3} ready {available:>3} available"


def bar(standing: Standing, glyphs: Glyphs = UNICODE) -> str:
    """Draw the wanted pods: those of the newest template that are available, that are made, and the rest."""
    if not standing.observed:
        return glyphs.wanted * BAR
    wanted = max(standing.wanted, 1)
    updated = BAR if standing.wanted == 0 else BAR * min(standing.updated, wanted) // wanted
    available = BAR if standing.wanted == 0 else BAR * min(new_available(standing), wanted) // wanted
    return glyphs.available * available + glyphs.updated * (updated - available) + glyphs.wanted * (BAR - updated)

"""docs/benchmarks.md: each part writes its own section, between its marks, and nothing else."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.lab.layout import CHECKOUT

PAGE = CHECKOUT / "docs" / "benchmarks.md"


def write(part: str, command: str, text: str, page: Path = PAGE) -> None:
    """Put a part's text in its section, with the command and when and on what it was measured."""
    page.write_text(replaced(page.read_text(), part, f"`{command}`, {_where()}:\n\n{text}"))
    print(text, flush=True)


def replaced(page: str, part: str, text: str) -> str:
    """The page with this text between `<!-- part -->` and `<!-- /part -->`. ValueError where it has no such marks."""
    marks = re.compile(rf"(<!-- {part} -->\n).*?(<!-- /{part} -->)", re.DOTALL)
    if not marks.search(page):
        raise ValueError(f"the page has no section {part}")
    return marks.sub(lambda found: f"{found[1]}{text.rstrip()}\n{found[2]}", page)


def rows(part: str, page: Path = PAGE) -> list[list[str]]:
    """The rows of a part's table as the page has it."""
    _, _, section = page.read_text().partition(f"<!-- {part} -->")
    lines = [line for line in section.partition(f"<!-- /{part} -->")[0].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in lines[2:]]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def ratio(one: float, other: float) -> str:
    """How many times the other one is."""
    return f"{one / other:.2g}×" if other else "–"


def _where() -> str:
    load = os.getloadavg()[0]
    today = datetime.now(UTC).date()
    return f"{today}, {os.cpu_count()} processors, load {load:.0f} at the end, Python {platform.python_version()}"

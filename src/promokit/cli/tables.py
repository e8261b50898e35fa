"""Tables for people: plain text on a terminal, Markdown in a job summary. What stands in the cells is foreign."""

from __future__ import annotations

from collections.abc import Sequence

from promokit.cli.cells import cells
from promokit.github.escape import markdown_escape, plain

Rows = Sequence[Sequence[str]]


def text_table(head: Sequence[str], rows: Rows) -> str:
    """Return an aligned table; the last column isn't padded."""
    lines = [[_one_line(each) for each in row] for row in (head, *rows)]
    widths = [max(cells(row[column]) for row in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell + " " * (width - cells(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in lines
    )


def stacked_table(head: Sequence[str], rows: Rows) -> str:
    """Return a table whose cells may be long: each in a line of its own under the first of its row."""
    lines: list[str] = []
    for first, *others in rows:
        lines.append(f"  {_one_line(first)}")
        lines += [f"    {name}: {_one_line(cell)}" for name, cell in zip(head[1:], others, strict=True) if cell]
    return "\n".join(lines)


def markdown_table(head: Sequence[str], rows: Rows) -> str:
    """Return a Markdown table, its cells escaped."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(markdown_escape(cell).replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " ".join(plain(text).split("\n"))

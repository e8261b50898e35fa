"""Tables for people: plain text on a terminal, Markdown in a job summary. What stands in the cells is foreign."""

from __future__ import annotations

from collections.abc import Sequence

from promokit.github.escape import markdown_escape, plain

Rows = Sequence[Sequence[str]]


def text_table(head: Sequence[str], rows: Rows) -> str:
    """Return an aligned table; the last column isn't padded."""
    cells = [[plain(each).replace("\n", " ") for each in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def markdown_table(head: Sequence[str], rows: Rows) -> str:
    """Return a Markdown table, its cells escaped."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(markdown_escape(cell).replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"

"""How many columns of a terminal a text takes, and cutting one to fit. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from promokit.github.escape import plain

FOREIGN = 8
"""How many characters a column are looked at: a text of a megabyte costs no more than one that fits."""


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes (Unicode Standard Annex 11); combining marks take none."""
    return len(text) if text.isascii() else sum(map(_width, text))


def clipped(text: str, columns: int, more: str = "…") -> str:
    """Return a foreign text that takes at most so many columns, its cut marked. Combining marks are left out.

    Terminals disagree on what marks and selectors do to a width, and a line that wraps breaks the picture.
    """
    kept, taken, room = [], 0, max(columns - cells(more), 0)
    for char in _one_line(text[: FOREIGN * max(columns, 0)]):
        taken += _width(char)
        if taken > columns:
            break
        kept.append(char)
    else:
        return "".join(kept)
    taken = cells("".join(kept))
    while kept and taken > room:
        taken -= _width(kept.pop())
    return "".join(kept) + more if columns >= cells(more) else ""


def _one_line(text: str) -> Iterable[str]:
    return (char for char in re.sub(r"[\n\t]", " ", plain(text)) if _width(char))


@lru_cache(maxsize=4096)
def _width(char: str) -> int:
    """Return how many columns one character takes."""
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1

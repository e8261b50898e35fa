"""The chain of a ledger's lines: each carries the hash of the one before. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

Line = Mapping[str, Any]
START = "0" * 64


@frozen
class Break:
    """The first line that breaks the chain (counted from 1 among those kept), and how."""

    line: int
    what: str


def chained(entry: Mapping[str, Any], before: str) -> dict[str, Any]:
    """Return the entry as a line: with the hash of the line before and its own."""
    line = {**entry, "before": before}
    return {**line, "hash": line_hash(line)}


def line_hash(line: Line) -> str:
    """Return the SHA-256 of a line's canonical JSON, its own hash left out."""
    bare = {key: value for key, value in line.items() if key != "hash"}
    return hashlib.sha256(json.dumps(bare, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


SHORTEST_HEAD = 12
"""Digits of a published head that are enough to find it."""


def verify(lines: Sequence[Line], anchor: str = START, head: str | None = None) -> Break | None:
    """Return the first break of a chain, or None if it holds.

    An edited line has another hash than it says; a removed or swapped one doesn't follow from the one before. A cut
    tail shows only against a `head` that was published outside, whole or its first digits: then the line with that hash
    is missing.
    """
    before = anchor
    for number, line in enumerate(lines, 1):
        if line.get("hash") != line_hash(line):
            return Break(number, "this line was edited")
        if line.get("before") != before:
            return Break(number, "the line before it was removed or moved")
        before = str(line["hash"])
    known = (anchor, *(str(each["hash"]) for each in lines))
    if head is not None and not (len(head) >= SHORTEST_HEAD and any(each.startswith(head) for each in known)):
        return Break(len(lines) + 1, f"the line with the published head {head[:12]}… is missing")
    return None

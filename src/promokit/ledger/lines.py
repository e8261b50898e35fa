"""How a line of a ledger is written as text, and read. Pure.

What is told by workload is written by image, since all workloads mostly have the same one: of fifty that is a fifth of
the bytes. The hash is of the line as it is read, so either form proves the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Line = Mapping[str, Any]
BY_WORKLOAD = ("previous", "images")
WORDS = ("line", "kind", "op", "at", "outcome")
"""What all readers go by: a line in which one of these isn't text is none."""
LONGEST = 500
LONGEST_ANSWER = 160
"""Bytes, of a text and of what a gate answered: longer ones are cut, so that 200 operations have room in an object."""
MOST_TEXTS = 50


def bounded(key: str, value: Any) -> Any:
    """Return a fact of a line, its texts cut to the length that they may have, its lists to so many."""
    return _bounded(value, LONGEST_ANSWER if key == "gates" else LONGEST)


def written(line: Line) -> str:
    """Return a line as JSON without a line break in it, ASCII alone."""
    short = {key: _by_image(value) if key in BY_WORKLOAD else value for key, value in line.items()}
    return json.dumps(short, separators=(",", ":"))


def read(text: str) -> dict[str, Any]:
    """Return the line that stands in a text. ValueError where that is no JSON object, or one that can't be ours."""
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict) or not all(isinstance(found.get(each, ""), str) for each in WORDS):
        raise ValueError("not a JSON object with our words")
    return {key: _by_workload(value) if key in BY_WORKLOAD else value for key, value in found.items()}


def _bounded(value: Any, most: int) -> Any:
    if isinstance(value, str):
        return _cut(value, most)
    if isinstance(value, Mapping):
        return {key: _bounded(each, most) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_bounded(each, most) for each in value[:MOST_TEXTS]]
    return value


def _cut(text: str, most: int) -> str:
    """Cut a text whose JSON is longer: a letter may take twelve bytes there."""
    short = text[:most]
    while len(json.dumps(short)) - 2 > most:
        short = short[: len(short) * 9 // 10]
    return text if short == text else f"{short}…"


def _by_image(value: Any) -> Any:
    if not isinstance(value, Mapping) or not all(isinstance(each, str) for each in value.values()):
        return value
    found: dict[str, list[str]] = {}
    for workload, image in value.items():
        found.setdefault(image, []).append(workload)
    return found


def _by_workload(value: Any) -> Any:
    if not isinstance(value, dict) or not all(isinstance(each, list) for each in value.values()):
        return value
    return {str(workload): image for image, workloads in value.items() for workload in workloads}

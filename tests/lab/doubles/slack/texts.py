"""Texts in Block Kit: text objects and plain strings, and how long they may be."""

from collections.abc import Collection, Iterator
from typing import Any

_KINDS = frozenset({"plain_text", "mrkdwn"})
_MEMBERS = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}


def check_text(found: Any, most: int, where: str, kinds: Collection[str] = _KINDS) -> Iterator[tuple[str, str]]:
    """Complaints against a text object of one of these kinds, at most so many characters long."""
    if not isinstance(found, dict):
        yield "missing required field: text", where
        return
    kind = str(found.get("type"))
    if kind not in kinds:
        yield f"must be one of {', '.join(sorted(kinds))}", f"{where}/type"
        return
    for name in sorted(set(found) - _MEMBERS[kind]):
        yield f"additional property: {name}", where
    yield from check_string(found.get("text"), most, f"{where}/text")


def check_string(found: Any, most: int, where: str, *, needed: bool = True) -> Iterator[tuple[str, str]]:
    """Complaints against a string: of the wrong type, empty, or longer than so many characters."""
    if found is None and not needed:
        return
    if not isinstance(found, str):
        yield "missing required field" if found is None else "must be a string", where
    elif not found:
        yield "must be more than 0 characters", where
    elif len(found) > most:
        yield f"must be less than {most + 1} characters", where

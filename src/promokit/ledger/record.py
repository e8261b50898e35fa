"""What a ledger says: operations opened and closed, holds, the images that succeeded. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from promokit.ledger.lines import Line, bounded

CHANGING = ("rollout", "promotion", "rollback")
TAKEN_IN = "taken_in"
"""The field of a line that couldn't be written when it should have been: by whom it was taken in, and when."""


@frozen
class Good:
    """An image that succeeded here: the whole reference as it was pinned, and when."""

    image: str
    at: str
    kind: str
    op: str = ""


@frozen
class Failure:
    """An operation that failed or timed out here: when it ended, its reason word, and the run that tells more."""

    at: str
    kind: str
    outcome: str
    reason: str
    run: str = ""


def entry(line: str, kind: str, operation: str, at: datetime, **facts: Any) -> dict[str, Any]:
    """Return a line's content: `opened`, `closed` or `noted`; facts without a value are left out."""
    told = {key: bounded(key, value) for key, value in facts.items() if value not in (None, "", (), [], {})}
    return {"at": at.isoformat(timespec="seconds"), "line": line, "kind": kind, "op": operation, **told}


def in_order(lines: Sequence[Line]) -> list[Line]:
    """Return lines in the order of what they tell. Those that were carried on, when older ones were dropped, tell of
    what was before all others; those that were taken in later, of what was at their time."""
    before = sorted((each for each in lines if each.get("carried")), key=_number)
    written = [*before, *(each for each in lines if not each.get("carried"))]
    ordered = [each for each in written if not each.get(TAKEN_IN)]
    for each in written:
        if each.get(TAKEN_IN):
            ordered.insert(_place(each, ordered), each)
    return ordered


def unfinished(lines: Sequence[Line]) -> list[Line]:
    """Return the `opened` lines without a `closed` one."""
    closed = {each.get("op") for each in lines if each.get("line") == "closed"}
    return [each for each in lines if each.get("line") == "opened" and each.get("op") not in closed]


def opened(lines: Sequence[Line], operation: str) -> Line | None:
    """Return the `opened` line of an operation."""
    return next((each for each in lines if each.get("op") == operation and each.get("line") == "opened"), None)


def newest_change(lines: Sequence[Line]) -> tuple[Line, Line | None] | None:
    """Return the newest operation that changed what runs: its `opened` line, and its `closed` one if it has ended."""
    starts = [each for each in in_order(lines) if _changes(each)]
    if not starts:
        return None
    return starts[-1], end_of(lines, starts[-1])


def newest_start(lines: Sequence[Line]) -> Line | None:
    """Return the newest line that says what shall run here: an operation's first one, or an adoption."""
    return next((each for each in reversed(in_order(lines)) if _changes(each) or each.get("kind") == "adopt"), None)


def end_of(lines: Sequence[Line], start: Line) -> Line | None:
    """Return the `closed` line of an operation, if it has ended."""
    return next((each for each in lines if each.get("line") == "closed" and each.get("op") == start.get("op")), None)


def unsettled(lines: Sequence[Line]) -> str:
    """Return the digest of the newest operation that changed what runs, if it never ended or didn't succeed.

    Empty text if it did, or if somebody has taken over what runs since.
    """
    start = newest_start(lines)
    if start is None or start.get("kind") == "adopt":
        return ""
    end = end_of(lines, start)
    return "" if end is not None and end.get("outcome") == "succeeded" else digest_in(str(start.get("image", "")))


def recorded(lines: Sequence[Line]) -> dict[str, tuple[str, ...]]:
    """Return the images that each workload may run by what is recorded; empty where nothing is.

    After an operation that succeeded, and after somebody took over what ran, it is one. One that ended otherwise, or
    never, may have left what it began, what ran before, or what it went back to by itself.
    """
    start = newest_start(lines)
    if start is None:
        return {}
    if start.get("kind") == "adopt":
        return {workload: (image,) for workload, image in texts(start.get("images")).items()}
    if start.get("proven") is False:  # it went back by the revision history, each workload by its own
        return {}
    image, previous = str(start.get("image", "")), texts(start.get("previous"))
    end = end_of(lines, start) or {}
    if end.get("outcome") == "succeeded":
        return dict.fromkeys(previous, (image,))
    back = [each.image for each in succeeded(lines) if digest_in(each.image) != digest_in(image)][:1]
    begun = [] if end.get("rolled_back") else [image]
    return {workload: tuple(dict.fromkeys((*begun, before, *back))) for workload, before in previous.items()}


def succeeded(lines: Sequence[Line]) -> list[Good]:
    """Return the images whose operations succeeded here, newest first."""
    images = images_of(lines)
    return [
        Good(images[each.get("op")], str(each.get("at", "")), str(each.get("kind")), str(each.get("op")))
        for each in reversed(in_order(lines))
        if each.get("line") == "closed"
        and each.get("kind") in CHANGING
        and each.get("outcome") == "succeeded"
        and each.get("op") in images
    ]


def failures(lines: Sequence[Line], digest: str) -> list[Failure]:
    """Return how operations with this digest failed here since it last succeeded, newest first."""
    starts = {each.get("op"): each for each in lines if _changes(each)}
    found: list[Failure] = []
    for end in reversed(in_order(lines)):
        start = starts.get(end.get("op"))
        if end.get("line") != "closed" or start is None or digest_in(str(start.get("image", ""))) != digest:
            continue
        if end.get("outcome") == "succeeded":
            break
        if end.get("outcome") in {"failed", "timed_out"}:
            at, kind, outcome, reason = (str(end.get(key, "")) for key in ("at", "kind", "outcome", "reason"))
            found.append(Failure(at, kind, outcome, reason, str(start.get("run", ""))))
    return found


def migrations(lines: Sequence[Line]) -> set[str]:
    """Return the digests whose migration succeeded here."""
    images = images_of(lines)
    return {
        digest_in(images[each.get("op")])
        for each in lines
        if each.get("migration") == "succeeded" and each.get("op") in images
    }


def holds(lines: Sequence[Line]) -> dict[str, str]:
    """Return the digests that people hold here, each with the reason given."""
    held: dict[str, str] = {}
    for each in in_order(lines):
        if each.get("kind") == "hold":
            held[str(each.get("digest"))] = str(each.get("reason", ""))
        elif each.get("kind") == "release":
            held.pop(str(each.get("digest")), None)
    return held


def overrides(lines: Sequence[Line], gate: str) -> dict[str, datetime]:
    """Return the digests that people let through a gate here, each with when it was done last."""
    found = [each for each in in_order(lines) if each.get("kind") == "override" and each.get("gate") == gate]
    times = {str(each.get("digest")): time_of(each) for each in found}
    return {digest: at for digest, at in times.items() if at is not None}


def digest_in(image: str) -> str:
    """Return the digest of a pinned image, or empty text."""
    return image.partition("@")[2]


def _changes(line: Line) -> bool:
    return line.get("line") == "opened" and line.get("kind") in CHANGING


def _number(line: Line) -> int:
    number = line.get("carried")
    return number if isinstance(number, int) else 0


def _place(taken: Line, ordered: Sequence[Line]) -> int:
    """Return where a line belongs by its time: behind the last one that isn't later."""
    at = time_of(taken)
    times = [time_of(each) for each in ordered]
    return max((number for number, each in enumerate(times, 1) if at and each and each <= at), default=0)


def time_of(line: Line) -> datetime | None:
    """Return when what a line tells was; None where that isn't a time."""
    try:
        at = datetime.fromisoformat(str(line.get("at")))
    except ValueError:
        return None
    return at if at.tzinfo else None


def texts(value: object) -> dict[str, str]:
    """Return the texts of a mapping; a line that somebody edited may have anything there."""
    return {str(key): str(each) for key, each in value.items()} if isinstance(value, Mapping) else {}


def images_of(lines: Sequence[Line]) -> dict[Any, str]:
    """Return the image of each operation; a line that somebody edited may lack anything."""
    return {each.get("op"): str(each["image"]) for each in lines if each.get("line") == "opened" and "image" in each}

"""What a ledger keeps: the newest operations, and of what is older all that readers still go by. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Any

from promokit.ledger.lines import Line, written
from promokit.ledger.record import (
    Good,
    digest_in,
    holds,
    images_of,
    in_order,
    newest_change,
    newest_start,
    succeeded,
    texts,
)

KEPT_OPERATIONS = 200
MOST_BYTES = 920_000
"""A ConfigMap may have 1 MiB. Where workloads are so many that 200 operations have no room, fewer are kept."""
KEPT_IMAGES = 10
"""Images that succeeded and of which the newest operation is carried on: so many, and so many that aren't held."""
KEPT_OVERRIDES = 50
_SMALLEST_PART = 0.9
_NOT_CARRIED = {"before", "hash", "gates", "plan", "holder", "approvers", "identity", "attempt", "why", "jobs"}


def first_kept(lines: Sequence[Line]) -> int:
    """Return the index of the first line that is kept: 200 operations whole, or as many as have room."""
    sizes = [len(written(each)) + 1 for each in lines]
    most = KEPT_OPERATIONS
    while True:
        first = _first_of(lines, most)
        if most <= 1 or sum(sizes[first:]) <= MOST_BYTES:
            return first
        most = int(most * _SMALLEST_PART)


def may_have_dropped(lines: Sequence[Line]) -> bool:
    """Say whether these lines may be what was left by dropping older ones: they are many, or large."""
    operations = {each.get("op") for each in lines if not each.get("carried")}
    large = sum(len(written(each)) + 1 for each in lines) >= MOST_BYTES // 2
    return len(operations) >= KEPT_OPERATIONS or large


def carried(lines: Sequence[Line], first: int, dropped: int) -> list[dict[str, Any]]:
    """Return what is carried on of the lines before the first one kept, each with the number of the line that it was.

    The holds that are on, the newest overrides, the newest change and a newer adoption (what should run), the newest
    images that succeeded (the ways back), and of all these the migrations.
    """
    wanted = {id(each) for each in _needed(lines)}
    newest = (newest_start(lines) or {}).get("op")
    found: list[dict[str, Any]] = []
    for number, line in enumerate(lines[:first], dropped + 1):
        if id(line) in wanted:
            left_out = _NOT_CARRIED | ({"previous"} if line.get("op") != newest else set())
            kept = {key: value for key, value in line.items() if key not in left_out}
            found.append({"carried": number, **kept})
    return sorted(found, key=lambda each: int(each["carried"]))


def _first_of(lines: Sequence[Line], most: int) -> int:
    """Return where the newest operations begin. What is carried on already isn't an operation of its own."""
    newest = list(dict.fromkeys(each.get("op") for each in reversed(lines) if not each.get("carried")))
    if len(newest) <= most:
        return 0
    kept = set(newest[:most])
    return next(number for number, each in enumerate(lines) if each.get("op") in kept and not each.get("carried"))


def _needed(lines: Sequence[Line]) -> Iterator[Line]:
    past = in_order(lines)
    newest, good = newest_start(past) or {}, _ways_back(past)
    change, _ = newest_change(past) or ({}, None)
    images = (newest.get("image"), *texts(newest.get("images")).values(), *texts(newest.get("previous")).values())
    digests = {digest_in(str(each)) for each in images} | {digest_in(each.image) for each in good}
    operations = {newest.get("op"), change.get("op"), *(each.op for each in good), *_migrated(past, digests)} - {None}
    yield from (each for each in past if each.get("op") in operations)
    yield from (each for each in _newest_by(past, "hold", ("digest",)) if each.get("digest") in holds(past))
    yield from _newest_by(past, "override", ("gate", "digest"))[:KEPT_OVERRIDES]


def _ways_back(past: Sequence[Line]) -> list[Good]:
    """Return the newest operations that succeeded, one an image: some of all, and some of those that aren't held."""
    held = holds(past)
    newest = list({digest_in(each.image) or each.image: each for each in reversed(succeeded(past))}.values())[::-1]
    free = [each for each in newest if digest_in(each.image) not in held]
    return [*newest[:KEPT_IMAGES], *free[:KEPT_IMAGES]]


def _migrated(past: Sequence[Line], digests: Set[str]) -> list[Any]:
    """Return the newest operation by which the migration succeeded, of each of these digests and the newest others."""
    images = images_of(past)
    found: dict[str, Any] = {}
    for each in reversed(past):
        if each.get("migration") == "succeeded" and each.get("op") in images:
            found.setdefault(digest_in(images[each.get("op")]), each.get("op"))
    return [found[each] for each in dict.fromkeys((*list(found)[:KEPT_IMAGES], *digests)) if each in found]


def _newest_by(past: Sequence[Line], kind: str, keys: Sequence[str]) -> list[Line]:
    """Return the newest line of a kind for each value of these fields, the newest of them first."""
    found: dict[tuple[str, ...], Line] = {}
    for each in reversed(past):
        if each.get("kind") == kind:
            found.setdefault(tuple(str(each.get(key)) for key in keys), each)
    return list(found.values())

"""Lines that a ledger didn't have, as they were told: read strictly, since anybody may have written them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from promokit.errors import ConfigError, PromokitError
from promokit.image import Digest, ImageRef
from promokit.ledger.lines import Line, bounded, read
from promokit.ledger.record import CHANGING, time_of
from promokit.ledger.unwritten import ENVIRONMENT, with_images
from promokit.model import Environment
from promokit.outcome import Outcome

MOST_BYTES = 200_000
MOST_LINES = 100
OLDEST = timedelta(days=90)
"""For so long GitHub keeps a run's log and summary, unless it is told otherwise."""
CLOCKS_DIFFER = timedelta(minutes=5)
_WHOLE = "copy the lines that begin with { as they were told, each of them whole"
_OPERATION = re.compile(r"(?:hold-)?[0-9a-f]{12}")
_MOST = 1_000_000_000
"""Seconds, or attempts: a larger number is none that was counted."""
_ENDS = frozenset(Outcome) - {Outcome.PROGRESSING}
_KINDS = {"opened": (*CHANGING, "migration"), "closed": (*CHANGING, "migration"), "noted": ("hold",)}
_TEXTS = {
    "opened": ("actor", "holder", "run", "identity", "image", "reason", "from", "revision", "plan"),
    "closed": ("outcome", "reason", "migration", "image", "why"),
    "noted": ("digest", "reason", "actor", "run"),
}
_OTHERS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "opened": {
        **{"attempt": (int,), "proven": (bool,), "whole": (bool,), "approvers": (list,)},
        **dict.fromkeys(("previous", "images", "gates"), (dict,)),
    },
    "closed": {
        "rolled_back": (bool,),
        "proven": (bool,),
        "duration": (int, float),
        "workloads": (dict,),
        "jobs": (dict,),
    },
    "noted": {},
}
_NOT_OF_A_ROLLBACK = ("migration", "rolled_back")
_NEEDED = {"opened": ("image", "previous"), "closed": ("outcome",), "noted": ("digest",)}
_ALL = ("at", "line", "kind", "op", ENVIRONMENT)
_ORDER = ("opened", "noted", "closed")


@frozen
class Told:
    """A line that was told, its number in the text, and when what it tells was."""

    number: int
    at: datetime
    line: Line


def read_told(text: str, environment: Environment, now: datetime) -> list[Told]:
    """Return the lines that stand in a text, in the order of what they tell, images whole.

    They are whole operations of this environment, with the holds that they set. ConfigError names the first line that
    isn't as promokit tells it.
    """
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise ConfigError(f"these are more than {MOST_BYTES} bytes", remedy=_WHOLE)
    numbered = [(number, each) for number, each in enumerate(text.splitlines(), 1) if each.strip()]
    if not numbered or len(numbered) > MOST_LINES:
        raise ConfigError(f"there are {len(numbered)} lines here, not one to {MOST_LINES}", remedy=_WHOLE)
    found = [_told(number, each, environment, now) for number, each in numbered]
    _check_operations(found)
    return sorted(found, key=lambda each: (each.at, _ORDER.index(each.line["line"])))


def wrong(number: int, what: str, remedy: str = _WHOLE) -> ConfigError:
    """Return the error for a line that can't be taken in."""
    return ConfigError(f"line {number} can't be taken in: {what}", remedy=remedy)


def _told(number: int, text: str, environment: Environment, now: datetime) -> Told:
    try:
        line = read(text)
    except ValueError:
        raise wrong(number, "it is no line of a ledger") from None
    if problem := _form(line):
        raise wrong(number, problem)
    at = time_of(line)
    if at is None or not now - OLDEST <= at <= now + CLOCKS_DIFFER:
        raise wrong(number, f"its time is none, in the future, or more than {OLDEST.days} days ago")
    if problem := _content(line):
        raise wrong(number, problem)
    if line[ENVIRONMENT] != environment.name:
        raise wrong(number, "it is of another environment", f"name the one that it is of: {line[ENVIRONMENT][:100]}")
    return Told(number, at, _whole(number, line, environment))


def _form(line: Line) -> str:
    """Say which field is missing, unknown or of another type; empty text if none is."""
    what = line.get("line")
    if not isinstance(what, str) or line.get("kind") not in _KINDS.get(what, ()):
        return "it is none that an operation writes"
    types = {**dict.fromkeys((*_ALL, *_TEXTS[what]), (str,)), **_OTHERS[what]}
    for key, value in line.items():
        if key not in types:
            return f"it has a field that such a line hasn't got: {key[:50]}"
        if type(value) not in types[key] or not _is_flat(value):
            return f"its field {key} is of another type"
    missing = [each for each in (*_ALL, *_NEEDED[what]) if not line.get(each)]
    return f"it has no {missing[0]}" if missing else ""


def _is_flat(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(isinstance(each, str) for each in inner) and (not isinstance(value, int | float) or 0 <= value <= _MOST)


def _content(line: Line) -> str:
    """Say what of it can't be; empty text if all can."""
    if not _OPERATION.fullmatch(line["op"]) or line["op"].startswith("hold-") != (line["kind"] == "hold"):
        return "its op isn't one"
    if line["line"] == "closed" and line["outcome"] not in _ENDS:
        return "its outcome isn't one"
    told = next((each for each in _NOT_OF_A_ROLLBACK if line.get(each)), "")
    return f"a rollback has no {told}" if told and line["kind"] == "rollback" else ""


def _whole(number: int, line: Line, environment: Environment) -> Line:
    """Return the line with its images whole and its texts no longer than they may be."""
    repository = environment.image.repository if environment.image else ""

    def image(short: str) -> str:
        full = f"{repository}{short}" if short.startswith((":", "@")) else short
        ImageRef.parse(full)
        return full

    try:
        if line["kind"] == "hold":
            Digest.parse(line["digest"])
        found = with_images(line, image)
    except PromokitError as error:
        raise wrong(number, error.what) from None
    if line["line"] == "opened" and line["kind"] == "rollback" and line.get("proven", True):
        _check_proven(number, found, environment)
    workloads = set(map(str, environment.workloads))
    if line["line"] == "opened" and not workloads & set(line["previous"]):
        raise wrong(number, f"it is of workloads that {environment.name} hasn't got", "name the right promokit.yaml")
    return {key: bounded(key, value) for key, value in found.items() if key != ENVIRONMENT}


def _check_proven(number: int, line: Line, environment: Environment) -> None:
    """What succeeded here by the ledger was pinned, of a repository that may run here, and the same for all."""
    image = ImageRef.parse(line["image"])
    if image.digest is None or not environment.allows_repository(image.name) or "images" in line:
        what = "its image is none that a promotion brings here, as that of a proven rollback is"
        raise wrong(number, what, "record what runs: promokit adopt, with a reason; hold what is to be held")


def _check_operations(found: Sequence[Told]) -> None:
    """Each operation begins, then ends; no line is told twice, and no hold without an operation."""
    seen: dict[tuple[str, str], Told] = {}
    for each in found:
        key = (each.line["line"], each.line["op"])
        if key in seen:
            raise wrong(each.number, "it is here twice", "leave one of them out")
        seen[key] = each
    for each in found:
        if each.line["kind"] == "hold":
            if not any(what == "opened" for what, _ in seen):
                raise wrong(each.number, "the operation that set this hold isn't here")
            continue
        begun, ended = (seen.get((what, each.line["op"])) for what in ("opened", "closed"))
        if begun is None or ended is None or begun.line["kind"] != ended.line["kind"]:
            raise wrong(each.number, "the other line of its operation isn't here")
        if ended.at < begun.at:
            raise wrong(each.number, "its operation ended before it began")

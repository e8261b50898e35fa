"""Reading a recording: each line what was seen of one object, and when."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from attrs import frozen

from promokit.cluster.objects import Object
from promokit.cluster.strict import parse_strictly, uid_of
from promokit.errors import ConfigError
from promokit.rollout.policy import Policy
from promokit.rollout.policy_record import LONGEST, policy_read

LONGEST_LINE = 4 * 1024 * 1024

_REMEDY = 'a line is {"t": seconds since the change, "type": "ADDED|MODIFIED|DELETED", "object": {…}}'


@frozen
class Line:
    """What was seen at second `t`: the newest state of an object, or that the one of UID `gone` is there no more.

    Where it is neither, only time has passed. `policy` is what the rollout was judged by, where the line tells it.
    """

    t: float
    seen: Object | None = None
    gone: str = ""
    policy: Policy | None = None


def read_timeline(file: Path) -> Iterator[Line]:
    """Yield the lines of a recording. ConfigError names the line that can't be read."""
    try:
        with file.open("rb") as text:
            number = 0
            while line := text.readline(LONGEST_LINE + 1):
                number += 1
                where = f"{file}:{number}"
                if len(line) > LONGEST_LINE:
                    raise ConfigError("a line of more than 4 MiB", where=where, remedy=_REMEDY)
                if line.strip():
                    yield _line(line, where)
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}", remedy="name a recording") from error


def recorded_policy(lines: Iterable[Line]) -> Policy | None:
    """Return the policy that a recording tells, if it does: the last one has what was learnt meanwhile."""
    return next((each.policy for each in reversed(list(lines)) if each.policy is not None), None)


def _line(text: bytes, where: str) -> Line:
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError("a broken line: it isn't JSON", where=where, remedy=_REMEDY) from error
    if not isinstance(data, dict) or not {"t", "type", "object"} <= data.keys():
        raise ConfigError("a line without t, type or object", where=where, remedy=_REMEDY)
    t, kind = data["t"], data["type"]
    if isinstance(t, bool) or not isinstance(t, int | float) or not -LONGEST <= t <= LONGEST:
        raise ConfigError("t is no number of seconds", where=where, remedy=_REMEDY)
    if kind == "BOOKMARK":  # a watch's own: it says that time has come this far, and nothing of an object
        return Line(float(t))
    if kind not in ("ADDED", "MODIFIED", "DELETED"):
        raise ConfigError(f"a line of type {kind!r}", where=where, remedy=_REMEDY)
    if kind == "DELETED":
        return Line(float(t), gone=uid_of(data["object"], where))
    policy = policy_read(data["policy"], where) if "policy" in data else None
    return Line(float(t), parse_strictly(data["object"], where), policy=policy)

"""What has changed since a plan was made, told as a difference. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from promokit.errors import Refused
from promokit.model import Environment
from promokit.promotion.plan import Plan, Promise

_HEAD = ("what", "planned", "now")
_MOST_TOLD = 3
_NAMES = {
    "where": "cluster and namespace",
    "migrate": "migration",
}


@frozen
class Change:
    """One thing that was decided, as it was planned and as it is now."""

    what: str
    planned: str
    now: str

    def __str__(self) -> str:
        return f"{self.what} was {self.planned}, is {self.now}"


def difference(promise: Promise, fresh: Plan) -> tuple[Change, ...]:
    """Return what of a promise isn't so in a plan made now, a change for each thing that was decided."""
    planned, now = (_decided(each, fresh.environment) for each in (promise.decided, fresh.decided))
    return tuple(
        Change(what, planned.get(what) or "nothing", now.get(what) or "nothing")
        for what in {**now, **planned}
        if planned.get(what) != now.get(what)
    )


def outdated(environment: Environment, changes: tuple[Change, ...]) -> Refused:
    """Return the refusal of a plan of which something has changed: its line tells the first things, its table all."""
    more = f"; and {len(changes) - _MOST_TOLD} more" if len(changes) > _MOST_TOLD else ""
    error = Refused(
        f"the plan doesn't hold any more: {'; '.join(map(str, changes[:_MOST_TOLD]))}{more}",
        where=environment.name,
        remedy="make a new plan, and have it approved",
    )
    error.table = (_HEAD, *((each.what, each.planned, each.now) for each in changes))
    return error


def _decided(decided: Mapping[str, Any], environment: Environment) -> dict[str, str]:
    """Return what was decided by the words that people know it by."""
    source = environment.source
    names = {**_NAMES, "image": f"image of {source.name}"} if source else _NAMES
    told = {names.get(key, key): str(value) for key, value in decided.items() if key != "previous"}
    return {**told, **{f"{workload} of {environment.name}": str(it) for workload, it in decided["previous"].items()}}

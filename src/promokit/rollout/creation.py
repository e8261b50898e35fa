"""What refused creations of pods tell: a quota, or admission. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from promokit.cluster.objects import Condition
from promokit.rollout.signs import NEVER, Sign
from promokit.rollout.snapshot import Heard

_OUTAGES = (
    "failed calling webhook",
    "Internal error",
    "timed out",
    "Timeout",
    "connection refused",
    "try again later",
    "etcdserver",
    "Operation cannot be fulfilled",  # two that count in the same quota at once
    "status unknown for quota",
    "already exists",
)


def creation_signs(
    heard: Sequence[Heard], conditions: Iterable[Condition], *, room_may_come: bool, freed_at: float, now: float
) -> list[Sign]:
    """Return what Events FailedCreate and the condition ReplicaFailure tell of the one that makes the new pods.

    Twice refused is refused. A quota isn't used up as long as pods are ending or about to be (`room_may_come`): what
    they free counts, so the refusals of before don't. A webhook that can't be called is an outage, not a refusal.
    """
    failed = [each for each in heard if each.event.reason == "FailedCreate" and each.count > 0]
    refusals = [each for each in failed if not _outage(each.event.message)]
    if refusals:
        return [_refused(refusals, room_may_come, freed_at, now)]
    if failed:
        message, count = failed[-1].event.message, sum(each.count for each in failed)
        return [Sign("creation-fails", NEVER, message=message, count=count, rests_on="event FailedCreate")]
    return [_by_condition(each) for each in conditions if (each.type, each.status) == ("ReplicaFailure", "True")]


def _refused(refusals: list[Heard], room_may_come: bool, freed_at: float, now: float) -> Sign:
    message, count = refusals[-1].event.message, sum(each.count for each in refusals)
    if "exceeded quota" not in message:
        return Sign("creation-refused", now if count >= 2 else NEVER, message=message, count=count, rests_on=_EVENT)
    since = sum(_since(each, freed_at) for each in refusals)
    due = now if since >= 2 and not room_may_come else NEVER
    return Sign("quota", due, message=message, count=count, rests_on=_EVENT)


def _since(heard: Heard, freed_at: float) -> int:
    """Count the refusals after the last pod had gone; of a repeated Event only the last one's time is known."""
    if heard.first > freed_at:
        return heard.count
    return int(heard.last > freed_at)


def _by_condition(condition: Condition) -> Sign:
    """Tell of a refusal whose Events were lost; by itself it doesn't say how often."""
    reason = "quota" if "exceeded quota" in condition.message else "creation-refused"
    return Sign(reason, NEVER, message=condition.message, rests_on="condition ReplicaFailure=True")


def _outage(message: str) -> bool:
    return any(each in message for each in _OUTAGES)


_EVENT = "event FailedCreate"

"""What refused creations of pods tell: a quota, or admission. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from attrs import frozen

from promokit.cluster.objects import Condition
from promokit.rollout.hearing import Heard
from promokit.rollout.look import NEVER, Sign, any_of
from promokit.rollout.room import LONG_AGO
from promokit.rollout.snapshot import Snapshot

LASTING_SECONDS = 3.0
_REFUSALS = ("is forbidden", "is invalid")
"""What the API server says where admission or validation has decided (apimachinery/pkg/api/errors); whatever else it or
the network says is of an API server that is away or busy."""
_OUTAGES = (
    "failed calling webhook",
    "Internal error",
    "timed out",
    "deadline exceeded",
    "Timeout",
    "connection refused",
    "try again later",
    "etcdserver",
    "Operation cannot be fulfilled",  # two that count in the same quota at once
    "status unknown for quota",
    "already exists",
    "not yet ready to handle request",  # admission of an API server that starts
    "cannot create resource",  # the controller may not: said of no pod, and while an API server that starts reads roles
)
_DENIED = ("denied the request", "denied request: ")
"""What a webhook or a policy has decided, whatever words of its own follow."""
_QUOTED = re.compile(r'"\S+"')
_ACCOUNT = "error looking up service account"


@frozen
class Creation:
    """What tells of the one that makes a workload's new pods: Events about it, its condition ReplicaFailure and when
    that was first seen; when it last made a pod; until when pods that are ending may make room, and the last one went.
    """

    heard: Sequence[Heard]
    failure: Condition | None = None
    failing_since: float = LONG_AGO
    made_at: float = LONG_AGO
    room_until: float = LONG_AGO
    freed_at: float = LONG_AGO


def creation_by(snapshot: Snapshot, uid: str, owners: Collection[str], room_until: float) -> Creation:
    """Return what is known of the one of this UID that makes pods, one of the workload's `owners` of them.

    A quota is of the namespace, and so is its room.
    """
    maker = snapshot.replica_sets.get(uid)
    return Creation(
        snapshot.heard(uid, snapshot.hearing.clock(owners)),
        maker.failure if maker else None,
        snapshot.failing_since.get(uid, LONG_AGO),
        snapshot.made_at.get(uid, LONG_AGO),
        room_until,
        snapshot.room.freed_at(),
    )


def creation_signs(creation: Creation, now: float, missing_for: float) -> list[Sign]:
    """Return what Events FailedCreate and the condition ReplicaFailure tell of it.

    Twice refused is refused. A quota isn't used up as long as pods are ending or about to be: what they free counts, so
    the refusals of before don't. A webhook that can't be called is an outage, not a refusal.
    """
    failed = [each for each in creation.heard if each.event.reason == "FailedCreate" and each.count > 0]
    refusals = [each for each in failed if not _outage(each.event.message)]
    if refusals:
        return [_refused(refusals, creation, now, missing_for)]
    if failed:
        message, count = failed[-1].event.message, sum(each.count for each in failed)
        return [Sign("creation-fails", NEVER, message=message, count=count, rests_on=_EVENT)]
    return [_by_condition(creation.failure, creation)] if creation.failure else []


def _refused(refusals: list[Heard], creation: Creation, now: float, missing_for: float) -> Sign:
    message, count = refusals[-1].event.message, sum(each.count for each in refusals)
    reason, due = "creation-refused", now if count >= 2 else NEVER
    if "exceeded quota" in message:
        since = sum(_since(each, creation.freed_at) for each in refusals)
        reason, due = "quota", max(now, creation.room_until) if since >= 2 else NEVER
    elif _ACCOUNT in message:
        due = _account_missing(refusals, creation.made_at, missing_for)
    return Sign(reason, due, message=message, count=count, rests_on=_EVENT)


def _account_missing(refusals: list[Heard], made_at: float, missing_for: float) -> float:
    """A ServiceAccount may be on its way for a moment, as a ConfigMap; and it came, if a pod was made since."""
    still = [each for each in refusals if each.last > made_at]
    return min(each.first for each in still) + missing_for if sum(each.count for each in still) >= 2 else NEVER


def _since(heard: Heard, freed_at: float) -> int:
    """Count the refusals after the last pod had gone; of a repeated Event only the last one's time is known."""
    if heard.first > freed_at:
        return heard.count
    return int(heard.last > freed_at)


def _by_condition(condition: Condition, creation: Creation) -> Sign:
    """Tell of a refusal whose Events were lost: what still holds after seconds was refused again and again.

    The controller tries again after 5 ms, 10 ms, 20 ms, …, and takes the condition back as soon as it has made one
    (pkg/controller/replicaset: manageReplicas, calculateStatus). So its next try after a pod has gone may be as long
    after that as that was after the first refusal.
    """
    if _outage(condition.message):
        return Sign("creation-fails", NEVER, message=condition.message, rests_on=_CONDITION)
    failing_since = max(creation.failing_since, 0.0)
    due = failing_since + LASTING_SECONDS
    if "exceeded quota" in condition.message:
        tried_again = creation.freed_at + max(creation.freed_at - failing_since, 0.0)
        due = max(due, creation.room_until, tried_again + LASTING_SECONDS)
        return Sign("quota", due, message=condition.message, rests_on=_CONDITION)
    return Sign("creation-refused", due, message=condition.message, rests_on=_CONDITION)


def _outage(message: str) -> bool:
    """Look for the words of an outage, but not in names: a pod's may hold any."""
    if any_of(_DENIED, message):
        return False
    said = _QUOTED.sub("", message)
    return any_of(_OUTAGES, said) or not any_of(_REFUSALS, said)


_EVENT = "event FailedCreate"
_CONDITION = "condition ReplicaFailure=True"

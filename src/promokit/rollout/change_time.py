"""When the change was that a moment tells of: by what was made since, and by what is amiss. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from promokit.cluster.objects import Controller, Event, Object, Pod
from promokit.rollout.completion import all_replaced, complete
from promokit.rollout.sighting import Sighting
from promokit.rollout.snapshot import Snapshot


def change_time(snapshot: Snapshot, controller: Controller, objects: Iterable[Object], now: datetime) -> datetime:
    """Return when the newest ReplicaSet was made, or the oldest of the new pods since if that is later.

    Where the rollout was complete once, it is since when something is amiss again. After a rollback most pods are older
    than what it replaces: then only those made since tell of it.
    """
    replica_sets = [each.created for each in snapshot.replica_sets_of(controller) if each.created]
    pods = snapshot.new_pods(controller)
    before = max(replica_sets or _made(_others(snapshot, controller, pods)), default=None)
    made = [each for each in _made(pods) if before is None or each >= before]
    oldest = min(made, default=_progress(controller) or now if pods else None)
    amiss = None
    if _was_complete(controller):
        troubles = filter(None, _troubles(snapshot, controller, pods, objects))
        amiss = min(troubles, default=None if complete(controller) else now)
    return max(filter(None, [oldest, amiss, *replica_sets]), default=now)


def unready_since(sighting: Sighting) -> datetime | None:
    """Return since when a pod isn't Ready; None where it is."""
    return None if sighting.pod.ready else ready_at(sighting.pod) or sighting.pod.created


def ready_at(pod: Pod) -> datetime | None:
    """Return when a pod's readiness last changed, if it says so."""
    condition = pod.condition("Ready")
    return condition.since if condition else None


def _was_complete(controller: Controller) -> bool:
    """Say whether the newest template was rolled out once, so that what is amiss now has come since."""
    if controller.kind != "Deployment":
        return all_replaced(controller) or 0 < controller.total <= controller.updated
    progressing = controller.condition("Progressing")
    return all_replaced(controller) or (progressing is not None and progressing.reason == "NewReplicaSetAvailable")


def _troubles(
    snapshot: Snapshot, controller: Controller, pods: list[Sighting], objects: Iterable[Object]
) -> Iterator[datetime | None]:
    """Yield since when a pod isn't Ready, too few are available, or one can't be made."""
    available, maker = controller.condition("Available"), snapshot.current(controller)
    yield from map(unready_since, pods)
    yield available.since if available and available.status == "False" else None
    yield maker.failure.since if maker and maker.failure else None
    newest = max(_made(pods), default=None)
    for each in objects:
        if isinstance(each, Event) and (each.uid, each.reason) == (controller.uid, "FailedCreate"):
            yield each.first if newest is None or (each.last and each.last > newest) else None


def _others(snapshot: Snapshot, controller: Controller, pods: list[Sighting]) -> list[Sighting]:
    new = {each.pod.uid for each in pods}
    return [each for each in snapshot.pods_of(controller.uid) if each.pod.uid not in new]


def _made(pods: Iterable[Sighting]) -> list[datetime]:
    return [each.pod.created for each in pods if each.pod.created]


def _progress(controller: Controller) -> datetime | None:
    condition = controller.condition("Progressing")
    return condition.since if condition else None

"""What has been seen of a namespace so far: the newest state of each object, and since when some of it holds.

Times are seconds on our own clock since the change, so that clocks that differ do no harm; what was there before the
change was seen at or before 0. The fold is pure: the same changes at the same times give the same snapshot, live or
replayed.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from promokit.cluster.newest import of_newest
from promokit.cluster.objects import Controller, Event, Job, Object, Pod, ReplicaSet
from promokit.model import Workload
from promokit.rollout.completion import complete
from promokit.rollout.hearing import TELLING, Heard, Hearing, is_before
from promokit.rollout.room import LONG_AGO, Room
from promokit.rollout.sighting import Sighting, sighted


@define
class Snapshot:
    """The state by UID. `progress_at` is when a controller's counts last went forward, `made_at` when an owner was last
    seen to have made a pod, `failing_since` since when a ReplicaSet says that it can't, each by UID.

    `room` is what pods make by ending; `gone` are the controllers and Jobs that were deleted, which are told from those
    that haven't been seen yet.
    """

    controllers: dict[str, Controller] = field(factory=dict)
    replica_sets: dict[str, ReplicaSet] = field(factory=dict)
    pods: dict[str, Sighting] = field(factory=dict)
    jobs: dict[str, Job] = field(factory=dict)
    hearing: Hearing = field(factory=Hearing)
    progress_at: dict[str, float] = field(factory=dict)
    made_at: dict[str, float] = field(factory=dict)
    failing_since: dict[str, float] = field(factory=dict)
    room: Room = field(factory=Room)
    gone: set[str] = field(factory=set)
    _made_in: dict[str, int] = field(factory=dict)
    _named: dict[tuple[str, str], str] = field(factory=dict)
    _owned: dict[str, dict[str, None]] = field(factory=dict)
    _living: dict[str, dict[str, Sighting]] = field(factory=dict)
    _told_of: dict[str, set[str]] = field(factory=dict)

    def controller(self, workload: Workload) -> Controller | None:
        """Return a workload's Deployment, StatefulSet or DaemonSet, if it is there."""
        return self.controllers.get(self._named.get((workload.kind, workload.name), ""))

    def replica_sets_of(self, controller: Controller) -> Iterable[ReplicaSet]:
        """Return the ReplicaSets that a Deployment owns, by its UID."""
        for uid in self._owned.get(controller.uid, ()):
            if uid in self.replica_sets:
                yield self.replica_sets[uid]

    def current(self, controller: Controller) -> ReplicaSet | None:
        """Return the ReplicaSet of a Deployment's newest revision.

        Of objects that were told without their annotations, it is the newest with the same images. While `Recreate`
        ends the old pods, the newest revision is still that of before: its images tell.
        """
        for each in reversed(list(self.replica_sets_of(controller))):
            if each.revision == controller.revision and each.images in (controller.images, {}):
                return each
        return None

    def creator(self, controller: Controller) -> str:
        """Return the UID of what makes the new pods: the current ReplicaSet, or the controller itself. Else empty."""
        if controller.kind != "Deployment":
            return controller.uid
        replica_set = self.current(controller)
        return replica_set.uid if replica_set else ""

    def new_pods(self, controller: Controller) -> list[Sighting]:
        """Return the pods of the newest template that are neither on their way out nor ended (evicted, say)."""
        living = self._living.get(self.creator(controller), {}).values()
        if controller.kind == "Deployment":
            return list(living)
        is_newest = of_newest(controller, [each.pod for each in living])
        return [each for each in living if is_newest(each.pod)]

    def new_pods_told_of(self, controller: Controller) -> list[Sighting]:
        """Return those of the new pods of which a status or an Event tells what a rule could rest on: mostly none."""
        told_of = self._told_of.get(self.creator(controller))
        return [each for each in self.new_pods(controller) if each.pod.uid in told_of] if told_of else []

    def pods_of(self, uid: str) -> list[Sighting]:
        """Return all pods that an object owns."""
        return [self.pods[each] for each in self._owned.get(uid, ()) if each in self.pods]

    def living(self, owners: Iterable[str]) -> int:
        """Count the pods of these owners that were last seen neither on their way out nor ended."""
        return sum(len(self._living.get(each, ())) for each in owners)

    def owners(self, controller: Controller) -> set[str]:
        """Return the UIDs of what may own a controller's pods: itself, and the ReplicaSets of a Deployment."""
        return {controller.uid, *(each.uid for each in self.replica_sets_of(controller))}

    def heard(self, uid: str, clock: float = LONG_AGO) -> list[Heard]:
        """Return the Events about an object, in the order they were first heard; `clock` tells those of before."""
        return self.hearing.about(uid, clock)

    def see(self, seen: Object, t: float) -> None:
        """Take in the newest state of an object, seen at second `t`."""
        if isinstance(seen, Controller):
            self._see_controller(seen, t)
        elif isinstance(seen, ReplicaSet):
            self._see_replica_set(seen, t)
        elif isinstance(seen, Pod):
            self._see_pod(seen, t)
        elif isinstance(seen, Event):
            self.hear(seen, t, t)
        else:
            self.jobs[seen.uid] = seen

    def keep(self, sighting: Sighting) -> None:
        """Have this for what is known of a pod."""
        uid, owner = sighting.pod.uid, sighting.pod.owner
        if uid in self.pods and self.pods[uid].pod.owner != owner:  # somebody took it out by its labels
            self._disown(uid, self.pods[uid].pod.owner)
        self.pods[uid] = sighting
        if sighting.lives:
            self._living.setdefault(owner, {})[uid] = sighting
        else:
            self._living.get(owner, {}).pop(uid, None)
        if sighting.troubled or self.hearing.is_told_of(uid):
            self._told_of.setdefault(owner, set()).add(uid)
        else:
            self._told_of.get(owner, set()).discard(uid)

    def hear(self, event: Event, first: float, last: float) -> None:
        """Take in an Event that came at second `first` and again until `last`. What no rule rests on isn't kept."""
        if event.reason not in TELLING:
            return
        self.hearing.hear(event, first, last)
        if event.uid in self.pods:
            self._told_of.setdefault(self.pods[event.uid].pod.owner, set()).add(event.uid)

    def forget(self, uid: str, t: float) -> None:
        """Take out a deleted object and what was kept about it. Events stay until their object goes."""
        for kept in (self.controllers, self.replica_sets, self.pods, self.jobs):
            gone = kept.pop(uid, None)
            if isinstance(gone, Controller) and self._named.get((gone.kind, gone.name)) == uid:
                del self._named[gone.kind, gone.name]
            if isinstance(gone, Controller | Job):
                self.gone.add(uid)
            if isinstance(gone, Sighting):
                self.room.forget(gone.pod, t)
            owner = gone.pod.owner if isinstance(gone, Sighting) else getattr(gone, "owner", "")
            self._disown(uid, owner)
        self.hearing.forget(uid)
        self.failing_since.pop(uid, None)
        self.made_at.pop(uid, None)
        self.progress_at.pop(uid, None)
        self._made_in.pop(uid, None)
        self._owned.pop(uid, None)
        self._living.pop(uid, None)
        self._told_of.pop(uid, None)

    def _disown(self, uid: str, owner: str) -> None:
        self._owned.get(owner, {}).pop(uid, None)
        self._living.get(owner, {}).pop(uid, None)
        self._told_of.get(owner, set()).discard(uid)

    def _see_controller(self, seen: Controller, t: float) -> None:
        before = self.controllers.get(seen.uid)
        if before is None or before.template != seen.template:
            self._made_in[seen.uid] = seen.generation
            self.progress_at[seen.uid] = t
        elif complete(before) or _went_forward(before, seen, self._made_in[seen.uid]):
            self.progress_at[seen.uid] = t  # while complete there is nothing to go forward to
        self.controllers[seen.uid] = seen
        self._named[seen.kind, seen.name] = seen.uid

    def _see_replica_set(self, seen: ReplicaSet, t: float) -> None:
        self.hearing.tick(seen.uid, seen.created, t)
        self.replica_sets[seen.uid] = seen
        self._owned.setdefault(seen.owner, {})[seen.uid] = None
        if seen.failure is None:
            self.failing_since.pop(seen.uid, None)
        else:
            self.failing_since.setdefault(seen.uid, t)

    def _see_pod(self, seen: Pod, t: float) -> None:
        known = self.pods.get(seen.uid)
        if known is None:
            self.hearing.tick(seen.owner, seen.created, t)
            self.made_at[seen.owner] = t
        clock = self.hearing.clock([seen.owner])
        self.keep(sighted(known, seen, t, of_before=is_before(seen.created, clock)))
        self._owned.setdefault(seen.owner, {})[seen.uid] = None
        self.room.see(seen, min(t, seen.ends.timestamp() - seen.grace - clock) if seen.ends else t)


def _went_forward(before: Controller, seen: Controller, made_in: int) -> bool:
    """Return the Deployment controller's own rule of progress (deployment/util: DeploymentProgressing).

    The first counts of the newest template, made in generation `made_in`, are progress too: those of before spoke of
    another.
    """
    if before.observed_generation < made_in:
        return seen.observed_generation >= made_in
    return (
        seen.updated > before.updated
        or seen.ready > before.ready
        or seen.available > before.available
        or seen.total - seen.updated < before.total - before.updated
    )

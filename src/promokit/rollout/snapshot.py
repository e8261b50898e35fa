"""What has been seen of a namespace so far: the newest state of each object, and since when some of it holds.

Times are seconds on our own clock since the change, so that clocks that differ do no harm. The fold is pure: the same
changes at the same times give the same snapshot, live or replayed.
"""

from __future__ import annotations

from attrs import define, field

from promokit.cluster.objects import Deployment, Event, Object, Pod, ReplicaSet


@define
class Sighting:
    """A pod and what its history adds: restarts before we looked, Ready since, each waiting or pending state since."""

    pod: Pod
    baseline: dict[str, int]
    ready_since: float | None = None
    waiting_since: dict[str, tuple[str, float]] = field(factory=dict)
    unscheduled_since: float | None = None

    def crashes(self, container: str) -> int:
        """Count the terminations of a container since we began to look.

        restartCount moves only at the next start, so a container that lies terminated or in back-off has one more.
        """
        for each in self.pod.containers:
            if each.name == container:
                down = each.state.kind == "terminated" or each.state.reason == "CrashLoopBackOff"
                return each.restarts + down - self.baseline.get(container, 0)
        return 0


@define
class Snapshot:
    """The state by UID. `progress_at` is when a Deployment's counts last moved, by its UID."""

    deployments: dict[str, Deployment] = field(factory=dict)
    replica_sets: dict[str, ReplicaSet] = field(factory=dict)
    pods: dict[str, Sighting] = field(factory=dict)
    events: dict[str, dict[str, Event]] = field(factory=dict)
    progress_at: dict[str, float] = field(factory=dict)

    def deployment(self, name: str) -> Deployment | None:
        """Return the Deployment of this name, if it is there."""
        return next((each for each in self.deployments.values() if each.name == name), None)

    def current(self, deployment: Deployment) -> ReplicaSet | None:
        """Return the ReplicaSet of the Deployment's newest revision, by owner UID."""
        return next(
            (
                each
                for each in self.replica_sets.values()
                if each.owner == deployment.uid and each.revision == deployment.revision
            ),
            None,
        )

    def sightings(self, replica_set: ReplicaSet) -> list[Sighting]:
        """Return the pods that a ReplicaSet owns and that aren't on their way out."""
        return [each for each in self.pods.values() if each.pod.owner == replica_set.uid and not each.pod.deleting]

    def events_about(self, uid: str) -> list[Event]:
        """Return the Events about an object, in the order they were first seen."""
        return list(self.events.get(uid, {}).values())

    def see(self, seen: Object, t: float) -> None:
        """Take in the newest state of an object."""
        if isinstance(seen, Deployment):
            self._see_deployment(seen, t)
        elif isinstance(seen, ReplicaSet):
            self.replica_sets[seen.uid] = seen
        elif isinstance(seen, Pod):
            self.pods[seen.uid] = _sighted(self.pods.get(seen.uid), seen, t)
        elif isinstance(seen, Event):
            self.events.setdefault(seen.uid, {})[seen.id] = seen

    def forget(self, gone: Object) -> None:
        """Take out a deleted object and what was kept about it. Events stay until their object goes."""
        if isinstance(gone, Event):
            return
        for kept in (self.deployments, self.replica_sets, self.pods, self.events, self.progress_at):
            kept.pop(gone.uid, None)

    def _see_deployment(self, seen: Deployment, t: float) -> None:
        before = self.deployments.get(seen.uid)
        if before is None or _counts(before) != _counts(seen):
            self.progress_at[seen.uid] = t
        self.deployments[seen.uid] = seen


def _counts(deployment: Deployment) -> tuple[int, ...]:
    return (
        deployment.total,
        deployment.updated,
        deployment.ready,
        deployment.available,
        deployment.generation,
    )


def _sighted(before: Sighting | None, pod: Pod, t: float) -> Sighting:
    now = before or Sighting(pod, _baseline(pod, t))
    restarted = before is not None and _restarts(before.pod) != _restarts(pod)
    ready_since = None if not pod.ready else t if restarted or now.ready_since is None else now.ready_since
    waiting = {
        each.name: _since(now.waiting_since.get(each.name), each.state.reason, t)
        for each in pod.containers
        if each.state.kind == "waiting"
    }
    scheduled = pod.condition("PodScheduled")
    pending = scheduled is not None and scheduled.status == "False"
    unscheduled_since = (now.unscheduled_since if now.unscheduled_since is not None else t) if pending else None
    return Sighting(pod, now.baseline, ready_since, waiting, unscheduled_since)


def _baseline(pod: Pod, t: float) -> dict[str, int]:
    """Restarts of before the change don't count; a pod first seen after it has none."""
    return {each.name: each.restarts for each in pod.containers} if t <= 0 else {}


def _restarts(pod: Pod) -> int:
    return sum(each.restarts for each in pod.containers)


def _since(before: tuple[str, float] | None, reason: str, t: float) -> tuple[str, float]:
    return before if before is not None and before[0] == reason else (reason, t)

"""A pod, and what its history adds to its present state. Pure."""

from __future__ import annotations

from attrs import define, field

from promokit.cluster.objects import Container, Pod

_ON_ITS_WAY = {"", "ContainerCreating", "PodInitializing"}


@define
class Sighting:
    """A pod, its restarts of before the change, and since when it is Ready, waits or can't be scheduled.

    `pulls` counts, by container, how often its status went over to ErrImagePull: each is an attempt that failed.
    `troubled` says whether its status holds anything that a rule could rest on; of most pods nothing does.
    """

    pod: Pod
    baseline: dict[str, int]
    ready_since: float | None = None
    waiting_since: dict[str, tuple[str, float]] = field(factory=dict)
    unscheduled_since: float | None = None
    pulls: dict[str, int] = field(factory=dict)
    troubled: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.troubled = self.unscheduled_since is not None or any(
            each.restarts or each.last or each.state.kind == "terminated" or each.state.reason not in _ON_ITS_WAY
            for each in self.pod.containers
        )

    @property
    def lives(self) -> bool:
        """Whether the pod is neither on its way out nor ended; one that ended (evicted, say) is made anew."""
        return not self.pod.deleting and self.pod.phase not in {"Failed", "Succeeded"}

    @property
    def crashes(self) -> int:
        """Count the terminations of all its containers since the change, but for what ended as it should."""
        return sum(self.terminations(each) for each in self.pod.containers)

    def terminations(self, container: Container) -> int:
        """Count the terminations of a container since the change.

        restartCount moves only at the next start: a container that lies terminated, or waits after it was, has ended
        once more. An init container that exits 0 has done its work.
        """
        last = container.state if container.state.kind == "terminated" else container.last
        down = container.state.kind != "running" and last is not None and last.kind == "terminated"
        done = container.init and not container.sidecar and last is not None and last.exit_code == 0
        return container.restarts + (down and not done) - self.baseline.get(container.name, 0)


def sighted(before: Sighting | None, pod: Pod, t: float) -> Sighting:
    """Return what is known of a pod after it was seen at second `t`."""
    known = before or Sighting(pod, _baseline(pod, t))
    restarted = before is not None and _restarts(before.pod) != _restarts(pod)
    ready_since = None if not pod.ready else t if restarted or known.ready_since is None else known.ready_since
    return Sighting(
        pod, known.baseline, ready_since, _waiting(known, pod, t), _pending(known, pod, t), _pulls(known, pod)
    )


def _baseline(pod: Pod, t: float) -> dict[str, int]:
    """Restarts of before the change don't count; a pod first seen after it has none."""
    if t > 0:
        return {}
    fresh = Sighting(pod, {})
    return {each.name: ended for each in pod.containers if (ended := fresh.terminations(each))}


def _waiting(known: Sighting, pod: Pod, t: float) -> dict[str, tuple[str, float]]:
    since = {}
    for each in pod.containers:
        if each.state.kind == "waiting":
            before = known.waiting_since.get(each.name)
            since[each.name] = before if before and before[0] == each.state.reason else (each.state.reason, t)
    return since


def _pending(known: Sighting, pod: Pod, t: float) -> float | None:
    """Since when no node takes the pod. One that is held back by a scheduling gate isn't asked for yet."""
    scheduled = pod.condition("PodScheduled")
    if scheduled is None or scheduled.status != "False" or scheduled.reason == "SchedulingGated":
        return None
    return t if known.unscheduled_since is None else known.unscheduled_since


def _pulls(known: Sighting, pod: Pod) -> dict[str, int]:
    pulls = known.pulls
    for each in pod.containers:
        if each.state.reason == "ErrImagePull" and known.waiting_since.get(each.name, ("",))[0] != "ErrImagePull":
            pulls = {**pulls, each.name: pulls.get(each.name, 0) + 1}
    return pulls


def _restarts(pod: Pod) -> int:
    return sum(each.restarts for each in pod.containers)

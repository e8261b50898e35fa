"""A pod, and what its history adds to its present state. Pure."""

from __future__ import annotations

from attrs import define, evolve, field

from promokit.cluster.objects import Container, Pod, State

SOONEST_RESTART = 1.0
"""Seconds: a new pod's container was never seen started anew before (its first end was at 1.47 on 1.36)."""

CLOCKS_MAY_DIFFER = 300.0
"""Seconds: what a node's clock is trusted to keep to; farther off, its certificates and tokens fail too."""
_UNSEEN = {"Unknown", "ContainerStatusUnknown"}
NOT_STARTED = {"StartError", "ContainerCannotRun"}
RUNTIME_BUSY = (
    "deadline exceeded",
    "DeadlineExceeded",
    "is reserved for",
    "code = Unavailable",
    "ttrpc: closed",
    "no running task found",
)
"""Of a runtime that is slow, or is being started anew (its socket, its shims, the sandbox that it had)."""
_STARTED = State("running")
ON_ITS_WAY = {"", "ContainerCreating", "PodInitializing"}


@define
class Sighting:
    """A pod, its restarts of before the change, and since when it is Ready, waits or can't be scheduled.

    `pulls` are, by container, the messages of its status each time that went over to ErrImagePull: an attempt failed.
    `sandbox_lost`: the sandbox that its containers ran in is gone, and there is no other yet.
    `troubled` says whether its status holds anything that a rule could rest on; of most pods nothing does.
    """

    pod: Pod
    baseline: dict[str, int]
    ready_since: float | None = None
    waiting_since: dict[str, tuple[str, float]] = field(factory=dict)
    unscheduled_since: float | None = None
    pulls: dict[str, tuple[str, ...]] = field(factory=dict)
    sandbox_lost: bool = False
    troubled: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.troubled = self.unscheduled_since is not None or any(
            each.restarts or each.last or each.state.kind == "terminated" or each.state.reason not in ON_ITS_WAY
            for each in self.pod.containers
        )

    @property
    def lives(self) -> bool:
        """Whether the pod is neither on its way out nor ended; one that ended (evicted, say) is made anew."""
        return not self.pod.deleting and self.pod.phase not in {"Failed", "Succeeded"}

    def ready_by_its_word(self, clock: float) -> float:
        """Return since when one that was Ready before the change has been so; a rollback finds some that were for days.

        `clock` is what the cluster's clock was at the change, at the latest that is known; the node's may differ, but
        not by that much.
        """
        condition, seen = self.pod.condition("Ready"), self.ready_since or 0.0
        if condition is None or condition.since is None:
            return seen
        return min(seen, condition.since.timestamp() - clock + CLOCKS_MAY_DIFFER)

    @property
    def crashes(self) -> int:
        """Count the terminations of all its containers since the change, but for what ended as it should."""
        return sum(self.terminations(each) for each in self.pod.containers)

    def terminations(self, container: Container) -> int:
        """Count the terminations of a container since the change.

        restartCount moves only at the next start: a container that lies terminated, or waits after it was, has ended
        once more. An init container that exits 0 has done its work; one that then runs again does so in a new sandbox.
        """
        last = container.end
        down = container.state.kind != "running" and last is not None and last.kind == "terminated"
        ends = container.init and not container.sidecar
        done = ends and last is not None and last.exit_code == 0
        again = ends and container.last is not None and container.last.exit_code == 0
        restarts = 0 if again else container.restarts - self.baseline.get(container.name, 0)
        return restarts + (down and not done)


def sighted(before: Sighting | None, pod: Pod, t: float, *, of_before: bool = False) -> Sighting:
    """Return what is known of a pod after it was seen at second `t`; `of_before`: it was made before the change."""
    known = before or Sighting(pod, _baseline(pod, t, of_before=of_before))
    restarted = before is not None and _restarts(before.pod) != _restarts(pod)
    ready_since = None if not pod.ready else t if restarted or known.ready_since is None else known.ready_since
    lost, waiting = _sandbox_lost(known, pod), _waiting(known, pod, t)
    baseline = _forgiven(before, known, pod, lost=lost)
    return Sighting(pod, baseline, ready_since, waiting, _pending(known, pod, t), _pulls(known, pod, t), lost)


def is_unseen(container: Container) -> bool:
    """Say whether nobody saw how a container ended, as its node or runtime was away: the kubelet calls it Unknown.

    Nor has one been seen to end that a busy runtime couldn't start: the runtime calls that an end too.
    """
    end = container.end
    if end is None:
        return False
    return end.reason in _UNSEEN or (end.reason in NOT_STARTED and any(each in end.message for each in RUNTIME_BUSY))


def _forgiven(before: Sighting | None, known: Sighting, pod: Pod, *, lost: bool) -> dict[str, int]:
    """Leave out ends that befell the containers: those that nobody saw, and those of a sandbox that was lost.

    What lies ended in the sandbox that was made anew has ended there: only what was before its start befell it.
    """
    ended = [each for each in pod.containers if each.end and (lost or is_unseen(each))]
    if known.sandbox_lost and not lost:
        ended += [evolve(each, state=_STARTED) for each in pod.containers if each.end and not is_unseen(each)]
    if not ended:
        return known.baseline
    ends = {each.name: before.terminations(each) for each in before.pod.containers} if before else {}
    more = {
        each.name: known.baseline.get(each.name, 0) + 1
        for each in ended
        if known.terminations(each) > ends.get(each.name, 0)
    }
    return {**known.baseline, **more} if more else known.baseline


def _sandbox_lost(known: Sighting, pod: Pod) -> bool:
    """Say whether the sandbox is gone that the pod had; a crash leaves it (pkg/kubelet: PodReadyToStartContainers)."""
    return _has_sandbox(pod) == "False" and (known.sandbox_lost or _has_sandbox(known.pod) == "True")


def _has_sandbox(pod: Pod) -> str:
    condition = pod.condition("PodReadyToStartContainers")
    return condition.status if condition else ""


def _baseline(pod: Pod, t: float, *, of_before: bool) -> dict[str, int]:
    """Restarts of before the change don't count: those of a pod seen at 0, or too early for a new one's.

    Nor do those of a pod that is older than the change, if it is first seen later.
    """
    if t > 0 and not of_before:
        return {each.name: each.restarts for each in pod.containers if each.restarts and t < SOONEST_RESTART}
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
    """Since when no node takes the pod, or since its nomination for one was taken back.

    One that is held back by a scheduling gate isn't asked for yet.
    """
    scheduled = pod.condition("PodScheduled")
    if scheduled is None or scheduled.status != "False" or scheduled.reason == "SchedulingGated":
        return None
    return t if known.unscheduled_since is None or known.pod.nominated else known.unscheduled_since


def _pulls(known: Sighting, pod: Pod, t: float) -> dict[str, tuple[str, ...]]:
    """Return what the attempts since the change came to; after a rollback a pod may have been there before it."""
    pulls = known.pulls
    if t <= 0:
        return pulls
    for each in pod.containers:
        if each.state.reason == "ErrImagePull" and known.waiting_since.get(each.name, ("",))[0] != "ErrImagePull":
            pulls = {**pulls, each.name: (*pulls.get(each.name, ()), each.state.message)}
    return pulls


def _restarts(pod: Pod) -> int:
    return sum(each.restarts for each in pod.containers)

"""The snapshot of one moment, its history told by the objects' own times alone: a dump, or what stands now. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from attrs import evolve

from promokit.cluster.objects import Container, Controller, Event, Job, Object, Pod
from promokit.rollout.change_time import change_time, ready_at, unready_since
from promokit.rollout.completion import complete
from promokit.rollout.hearing import Hearing
from promokit.rollout.look import NEVER
from promokit.rollout.policy import Policy
from promokit.rollout.room import Room
from promokit.rollout.sighting import Sighting, is_unseen
from promokit.rollout.snapshot import Snapshot

TRIED_TWICE = 30.0
BACK_OFF_FORGOTTEN = 600.0
"""Seconds that a container has to run until the kubelet starts it anew at once (kubelet.go: MaxCrashLoopBackOff)."""
SAME_SECOND = 0.001
"""Times are whole seconds: an Event of the second of the change isn't of before it."""
Since = Callable[[datetime | None], float]


def dated(
    objects: Iterable[Object], controller: Controller, now: datetime, stable_for: float
) -> tuple[Snapshot, float]:
    """Return the snapshot as it would have become by watching, and the seconds from the change to `now`.

    Restarts of a pod that has been Ready for `stable_for` since the change are over, as are those of a container that
    had run for as long before.
    """
    listed = list(objects)
    snapshot = _shown(listed)
    change = change_time(snapshot, controller, listed, now)
    since = _clock(change)
    snapshot.hearing = Hearing()
    _date(snapshot, listed, since, now, stable_for)
    steps = map(since, map(unready_since, snapshot.new_pods(controller)))
    snapshot.progress_at[controller.uid] = max([0.0, _progressed(controller, since), *steps])
    return snapshot, since(now)


def policy_for(controller: Controller, policy: Policy) -> Policy:
    """Return the policy by which a workload of a dump is judged: what stands is ours.

    What is complete was so in time, for all that one moment tells; only its stability is still waited for.
    """
    timeout = NEVER if complete(controller) else policy.timeout
    return evolve(policy, generation=controller.generation, template=controller.template, timeout=timeout)


def _progressed(controller: Controller, since: Since) -> float:
    """Return when it last went forward: the condition's time, or the deadline before it, once that is over."""
    condition = controller.condition("Progressing")
    at = since(condition.since) if condition else 0.0
    over = condition is not None and condition.reason == "ProgressDeadlineExceeded"
    return at - (controller.progress_seconds or 0) if over else at


def dated_job(objects: Iterable[Object], job: Job, now: datetime) -> tuple[Snapshot, float]:
    """Return the snapshot in which a Job is judged, and the seconds from its creation to `now`."""
    listed = list(objects)
    snapshot, since = _shown(listed), _clock(job.created or now)
    snapshot.hearing = Hearing()
    _date(snapshot, listed, since, now, 0.0)
    return snapshot, since(now)


def _shown(objects: Iterable[Object]) -> Snapshot:
    """Return all but the Events, as if seen a second after the change: when that was isn't known yet."""
    snapshot = Snapshot()
    for seen in objects:
        if not isinstance(seen, Event):
            snapshot.see(seen, 1.0)
    return snapshot


def _clock(change: datetime) -> Since:
    """Return what tells how many seconds after the change a time is; 0 for none."""
    return lambda time: (time - change).total_seconds() if time else 0.0


def _date(snapshot: Snapshot, objects: Iterable[Object], since: Since, now: datetime, stable_for: float) -> None:
    """Put the pods', ReplicaSets' and Events' own times into a snapshot."""
    snapshot.made_at, snapshot.room = {}, Room()
    for sighting in list(snapshot.pods.values()):
        snapshot.keep(_dated(sighting, since, since(now), stable_for))
        pod, made = sighting.pod, since(sighting.pod.created)
        snapshot.made_at[pod.owner] = max(made, snapshot.made_at.get(pod.owner, made))
        snapshot.room.see(pod, since(pod.ends) - pod.grace)
    for replica_set in snapshot.replica_sets.values():
        if failure := replica_set.failure:
            snapshot.failing_since[replica_set.uid] = since(failure.since)
    for event in (each for each in objects if isinstance(each, Event)):
        if since(event.last or now) >= 0:
            first, last = since(event.first or event.last), since(event.last or now)
            snapshot.hear(event, max(first, SAME_SECOND), max(last, SAME_SECOND))


def _dated(sighting: Sighting, since: Since, at: float, stable_for: float) -> Sighting:
    pod, ready_since = sighting.pod, since(ready_at(sighting.pod))
    pending, created = pod.condition("PodScheduled"), since(pod.created)
    settled = pod.ready and at - ready_since >= stable_for
    fresh, over = Sighting(pod, {}), dict[str, int]()
    for each in pod.containers:
        if (count := fresh.terminations(each)) < 1:
            continue
        whole = settled or _ran_before(each, since, stable_for)
        over[each.name] = count if whole else is_unseen(each) + (count - 1) * _ran_long(each)
    return evolve(
        sighting,
        baseline=over,
        ready_since=ready_since if pod.ready else None,
        waiting_since={name: (reason, created) for name, (reason, _) in sighting.waiting_since.items()},
        pulls=_pulls(pod, since, at),
        unscheduled_since=since(pending.since) if pending and sighting.unscheduled_since is not None else None,
    )


def _ran_before(container: Container, since: Since, stable_for: float) -> bool:
    """Say whether a container runs, and had for `stable_for` when its pod lost its readiness: that was no crash."""
    return container.state.kind == "running" and since(container.state.started) < -stable_for


def _ran_long(container: Container) -> bool:
    """Say whether it had run so long before its last end that those before are over, for the kubelet too."""
    end = container.end
    if end is None or end.started is None or end.finished is None:
        return False
    return (end.finished - end.started).total_seconds() >= BACK_OFF_FORGOTTEN


def _pulls(pod: Pod, since: Since, at: float) -> dict[str, tuple[str, ...]]:
    """Return what the pulls came to: a node that has been at it for long has tried again, as measured after 12 s."""
    placed = pod.condition("PodScheduled")
    waits = at - (since(placed.since) if placed else since(pod.created))
    tries = 2 if waits >= TRIED_TWICE else 1
    told = (each for each in pod.containers if each.state.reason in {"ErrImagePull", "ImagePullBackOff"})
    return {each.name: (each.state.message,) * tries for each in told}

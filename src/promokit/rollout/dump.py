"""Judging a dump (`kubectl get … -o json`): one moment, whose history is told by the objects' own times alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from attrs import evolve

from promokit.cluster.objects import Container, Controller, Event, Job, Object, Pod, ReplicaSet
from promokit.cluster.strict import parse_strictly
from promokit.errors import ConfigError
from promokit.model import Workload
from promokit.rollout.completion import all_replaced, complete
from promokit.rollout.hearing import Hearing
from promokit.rollout.inferred import inferred_replica_sets
from promokit.rollout.look import NEVER
from promokit.rollout.policy import Policy
from promokit.rollout.room import Room
from promokit.rollout.sighting import Sighting, is_unseen
from promokit.rollout.snapshot import Snapshot

LARGEST = 100 * 1024 * 1024
COMMAND = "kubectl get deployments,replicasets,pods,events -o json"
TRIED_TWICE = 30.0
BACK_OFF_FORGOTTEN = 600.0
"""Seconds that a container has to run until the kubelet starts it anew at once (kubelet.go: MaxCrashLoopBackOff)."""
SAME_SECOND = 0.001
"""Times are whole seconds: an Event of the second of the change isn't of before it."""
Since = Callable[[datetime | None], float]
_OTHERS = ("Service", "HorizontalPodAutoscaler", "CronJob", "ReplicationController", "ControllerRevision")
"""What `kubectl get all` gives beside, and the templates of before; none says anything of a rollout."""


def read_dump(file: Path) -> list[Object]:
    """Return the objects of a dump. ConfigError for a file that is too large, or isn't one."""
    try:
        with file.open("rb") as opened:
            text = opened.read(LARGEST + 1)
        if len(text) > LARGEST:
            remedy = f"dump one workload: {COMMAND} -l …"
            raise ConfigError(f"{file} is larger than {LARGEST >> 20} MiB", remedy=remedy)
        data: Any = json.loads(text)
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}", remedy=COMMAND) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file} is no JSON", remedy=COMMAND) from error
    items = list(_items(data, file))
    listed = [parse_strictly(each, f"{file}: item {number}") for number, each in items]
    _refuse_namesakes(listed, file)
    left_out = inferred_replica_sets(each for _, each in items)
    return [*listed, *(parse_strictly(each, f"{file}: what owns its pods") for each in left_out)]


def _refuse_namesakes(objects: Iterable[Object], file: Path) -> None:
    """Workloads are told by their names: of two in two namespaces only one would be judged."""
    known: dict[tuple[str, str], str] = {}
    for each in objects:
        if not isinstance(each, Controller | Job):
            continue
        kind = each.kind if isinstance(each, Controller) else "Job"
        if known.setdefault((kind, each.name), each.uid) != each.uid:
            raise ConfigError(f"{file} has two of {kind} {each.name}", remedy=f"dump one namespace: {COMMAND} -n …")


def newest_time(objects: Iterable[Object], told: datetime | None = None) -> datetime:
    """Return the newest time that the objects tell: when they were dumped, as near as can be known. Or `told`, by
    somebody who knows it: ConfigError where the objects tell of what was after it."""
    times = [each for seen in objects for each in _times(seen)]
    if told is None and not times:
        raise ConfigError("the dump tells no time", remedy="say when it was made: --now 2026-11-24T18:00:00Z")
    newest = max(times, default=told)
    assert newest is not None  # noqa: S101 - told to the type checker
    if told is not None and told < newest:
        what = f"the dump wasn't made at {told:%Y-%m-%dT%H:%M:%S%z}: it tells of {newest:%Y-%m-%dT%H:%M:%S%z}"
        raise ConfigError(what, remedy="say with --now when it was made, or leave it out")
    return told or newest


def dated(
    objects: Iterable[Object], controller: Controller, now: datetime, stable_for: float
) -> tuple[Snapshot, float]:
    """Return the snapshot as it would have become by watching, and the seconds from the change to `now`.

    Restarts of a pod that has been Ready for `stable_for` since the change are over, as are those of a container that
    had run for as long before.
    """
    listed = list(objects)
    snapshot = _shown(listed)
    change = _change(snapshot, controller, listed, now)
    since = _clock(change)
    snapshot.hearing = Hearing()
    _date(snapshot, listed, since, now, stable_for)
    steps = map(since, map(_unready_since, snapshot.new_pods(controller)))
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


def controllers_in(objects: Iterable[Object]) -> dict[Workload, Controller]:
    """Return the workloads of a dump; of several containers the first."""
    found = [each for each in objects if isinstance(each, Controller)]
    return {Workload(each.name, next(iter(each.images), ""), each.kind): each for each in found}


def _items(data: Any, file: Path) -> Iterator[tuple[int, Any]]:
    if not isinstance(data, dict) or "kind" not in data:
        raise ConfigError(f"{file} is no dump of Kubernetes objects", remedy=COMMAND)
    items = data.get("items", [data]) if str(data["kind"]).endswith("List") else [data]
    if not isinstance(items, list):
        raise ConfigError(f"{file} is no dump of Kubernetes objects: its items are no list", remedy=COMMAND)
    default = str(data["kind"]).removesuffix("List")
    for number, item in enumerate(items, 1):
        known = isinstance(item, dict) and default and "kind" not in item
        whole = {**item, "kind": default} if known else item
        if not (isinstance(whole, dict) and whole.get("kind") in _OTHERS):
            yield number, whole


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


def _change(snapshot: Snapshot, controller: Controller, objects: Iterable[Object], now: datetime) -> datetime:
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
    yield from map(_unready_since, pods)
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


def _unready_since(sighting: Sighting) -> datetime | None:
    return None if sighting.pod.ready else _ready_at(sighting.pod) or sighting.pod.created


def _dated(sighting: Sighting, since: Since, at: float, stable_for: float) -> Sighting:
    pod, ready_since = sighting.pod, since(_ready_at(sighting.pod))
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


def _ready_at(pod: Pod) -> datetime | None:
    condition = pod.condition("Ready")
    return condition.since if condition else None


def _times(seen: Object) -> Iterator[datetime]:
    if isinstance(seen, Pod):
        for container in seen.containers:
            for state in filter(None, (container.state, container.last)):
                yield from filter(None, (state.started, state.finished))
    if isinstance(seen, Event):
        yield from filter(None, (seen.first, seen.last))
        return
    yield from filter(None, (each.since for each in seen.conditions))
    if isinstance(seen, Pod | ReplicaSet | Job) and seen.created:
        yield seen.created

"""When the API first showed what justifies a verdict, by rules apart from the program's own. Pure.

A recording is what a namespace's watches showed, in the order in which it came: a second and an object. Only the pods
of the newest ReplicaSet that made any count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Json = dict[str, Any]
Seen = Sequence[tuple[float, Json]]
Bound = Callable[[Seen], float | None]

MISSING_FOR = 3.0
UNSCHEDULABLE_FOR = 20.0


def completed(seen: Seen) -> float | None:
    """The Deployment is complete by kubectl's rule."""
    return _first(seen, lambda it: it["kind"] == "Deployment" and is_complete(it))


def complete_for(stable: float) -> Bound:
    """The Deployment is complete by kubectl's rule, and each new pod has been Ready for so long."""

    def bound(seen: Seen) -> float | None:
        finished = completed(seen)
        if finished is None:
            return None
        ready: dict[str, float] = {}
        for at, pod in _new_pods(seen):
            name = pod["metadata"]["name"]
            if not _condition(pod, "Ready"):
                ready.pop(name, None)
            else:
                ready.setdefault(name, at)
        return max([finished, *(at + stable for at in ready.values())])

    return bound


def terminated_twice(seen: Seen) -> float | None:
    """One container of a new pod has ended twice: it restarted once, and is down again."""
    return next((at for at, pod in _new_pods(seen) if any(_ended(it) >= 2 for it in _containers(pod))), None)


def not_found(seen: Seen) -> float | None:
    """A pull says for the first time that there is no such image: the registry, once it is asked, says the rest."""
    return _told(seen, "Failed", "not found", 1)


def missing_config(seen: Seen) -> float | None:
    """A ConfigMap has been missing for three seconds, by the first word of it."""
    told = _told(seen, "Failed", "not found", 1)
    return None if told is None else told + MISSING_FOR


def unschedulable(seen: Seen) -> float | None:
    """A new pod has been Unschedulable for 20 s."""

    def refused(pod: Json) -> bool:
        scheduled = next((it for it in _conditions(pod) if it["type"] == "PodScheduled"), {})
        return scheduled.get("reason") == "Unschedulable"

    first = next((at for at, pod in _new_pods(seen) if refused(pod)), None)
    return None if first is None else first + UNSCHEDULABLE_FOR


def refused_twice(seen: Seen) -> float | None:
    """The creation of a new pod was refused for the second time."""
    return _told(seen, "FailedCreate", "", 2)


def job_failed(seen: Seen) -> float | None:
    """The Job has the condition Failed, or FailureTarget, which comes just before."""
    return _first(
        seen, lambda it: it["kind"] == "Job" and (_condition(it, "Failed") or _condition(it, "FailureTarget"))
    )


def is_complete(deployment: Json) -> bool:
    """kubectl's rule: the newest spec is observed, and all replicas that it wants are new and available."""
    status, wanted = deployment.get("status", {}), deployment["spec"]["replicas"]
    if status.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
        return False
    return all(status.get(count) == wanted for count in ("replicas", "updatedReplicas", "availableReplicas"))


def _first(seen: Seen, holds: Callable[[Json], bool]) -> float | None:
    return next((at for at, it in seen if at > 0 and holds(it)), None)


def _told(seen: Seen, reason: str, words: str, times: int) -> float | None:
    """When Events since the change with this reason and these words have come so often."""
    counts: dict[str, int] = {}
    for at, event in seen:
        if at > 0 and event["kind"] == "Event" and event["reason"] == reason and words in event.get("message", ""):
            counts[event["metadata"]["uid"]] = event.get("count") or 1
            if sum(counts.values()) >= times:
                return at
    return None


def _new_pods(seen: Seen) -> Iterable[tuple[float, Json]]:
    """The states since the change of the pods that the newest ReplicaSet made."""
    sets = {it["metadata"]["uid"]: it["metadata"]["annotations"] for _, it in seen if it["kind"] == "ReplicaSet"}
    newest = max(sets, key=lambda uid: int(sets[uid].get("deployment.kubernetes.io/revision", 0)), default="")
    for at, it in seen:
        owners = it["metadata"].get("ownerReferences", ())
        if at > 0 and it["kind"] == "Pod" and any(owner["uid"] == newest for owner in owners):
            yield at, it


def _containers(pod: Json) -> list[Json]:
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]


def _ended(container: Json) -> int:
    """How often it has ended: restartCount moves only at the next start."""
    state, last = container.get("state", {}), container.get("lastState", {})
    down = "terminated" in state or ("waiting" in state and "terminated" in last)
    return int(container.get("restartCount", 0)) + down


def _condition(thing: Json, kind: str) -> bool:
    return any(it["type"] == kind and it["status"] == "True" for it in _conditions(thing))


def _conditions(thing: Json) -> list[Json]:
    found: list[Json] = thing.get("status", {}).get("conditions") or []
    return found

"""What each state of a pod or ReplicaSet tells, one rule a function. Pure.

The states and messages are those of a Kubernetes 1.36 kubelet with containerd, as measured; each rule says what it
rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import frozen

from promokit.cluster.objects import Container, Event
from promokit.rollout.policy import Policy
from promokit.rollout.snapshot import Sighting

_LOST = {"Evicted", "Preempting", "NodeLost", "NodeAffinity", "Terminated", "NodeShutdown"}
_BY_AUTOSCALER = {"TriggeredScaleUp", "Nominated"}
_REFUSED_PULL = ("unauthorized", "denied", "forbidden", "authorization failed", "no basic auth credentials")
_CANNOT_START = ("exec format error", "no such file or directory", "executable file not found")


@frozen
class Sign:
    """A cause of failure: the reason word, where it was seen, and what it rests on.

    `due` is when it becomes a failure, in seconds since the change; before that it is only told.
    """

    reason: str
    due: float
    pod: str = ""
    container: str = ""
    exit_code: int | None = None
    message: str = ""
    count: int = 1


def pod_signs(sighting: Sighting, events: list[Event], policy: Policy, now: float) -> Iterator[Sign]:
    """Yield the signs of one pod of the new ReplicaSet."""
    pod = sighting.pod
    if pod.deleting or pod.reason in _LOST:
        return  # evictions, preemption and node loss are not the image's fault
    if sign := _unschedulable(sighting, events, policy):
        yield sign
    for container in pod.containers:
        for rule in _CONTAINER_RULES:
            if sign := rule(sighting, container, events, policy, now):
                yield sign


def creation_signs(events: list[Event], old_pods_ending: bool, now: float) -> Iterator[Sign]:
    """Yield what FailedCreate events of the new ReplicaSet tell: a quota, or a refusal by admission, twice.

    A webhook that can't be called is an outage, not a refusal.
    """
    refusals = [
        each for each in events if each.reason == "FailedCreate" and "failed calling webhook" not in each.message
    ]
    count = sum(each.count for each in refusals)
    if not refusals:
        return
    quota = "exceeded quota" in refusals[-1].message
    waits = count < 2 or (quota and old_pods_ending)
    reason = "quota" if quota else "creation-refused"
    yield Sign(reason, float("inf") if waits else now, message=refusals[-1].message, count=count)


def _unschedulable(sighting: Sighting, events: list[Event], policy: Policy) -> Sign | None:
    """PodScheduled=False for 20 s, unless an autoscaler has spoken: then only the deadline ends the wait."""
    if sighting.unscheduled_since is None:
        return None
    spoken = any(each.reason in _BY_AUTOSCALER for each in events)
    due = float("inf") if spoken else sighting.unscheduled_since + policy.unschedulable_for
    condition = sighting.pod.condition("PodScheduled")
    return Sign("unschedulable", due, pod=sighting.pod.name, message=condition.message if condition else "")


def _crashed(sighting: Sighting, container: Container, events: list[Event], policy: Policy, now: float) -> Sign | None:
    """A container ended again and again since our change, whatever its exit code, Ready in between or not.

    An init container that exits 0 has done its work; it is its failures that count.
    """
    del events
    end = container.state if container.state.kind == "terminated" else container.last
    if end is None or end.kind != "terminated":
        return None
    plain_init = container.init and not container.sidecar
    if plain_init and end.exit_code == 0:
        return None
    count = sighting.crashes(container.name)
    if count < 1:
        return None
    unable = any(each in end.message for each in _CANNOT_START)
    reason = "cannot-start" if unable else "init-failed" if plain_init else "crash-loop"
    due = now if count >= policy.crashes else float("inf")
    message = " ".join(filter(None, (end.reason, end.message)))
    return Sign(reason, due, sighting.pod.name, container.name, end.exit_code, message, count)


def _bad_image(
    sighting: Sighting, container: Container, events: list[Event], policy: Policy, now: float
) -> Sign | None:
    """The kubelet can't pull. Only what the registry says tells a missing image from one that is on its way."""
    state = container.state
    if state.reason in {"InvalidImageName", "ErrImageNeverPull"}:
        return Sign("image-invalid", now, sighting.pod.name, container.name, message=state.message)
    failed = [each for each in events if each.reason == "Failed" and "ull" in each.message and "image" in each.message]
    if not failed and state.reason not in {"ErrImagePull", "ImagePullBackOff"}:
        return None
    if container.state.kind != "waiting" or container.image_id:
        return None
    message = failed[-1].message if failed else state.message
    attempts = sum(each.count for each in failed if "Failed to pull" in each.message)
    if _refused(message):
        due = now if attempts >= 2 else float("inf")
        return Sign("pull-refused", due, sighting.pod.name, container.name, message=message, count=attempts)
    due = now if policy.image_exists == "no" else float("inf")
    return Sign("image-not-found", due, sighting.pod.name, container.name, message=message, count=attempts)


def _refused(message: str) -> bool:
    """Look for the words of a refusal, but not in the image's reference or a URL: a tag or digest may hold any."""
    said = " ".join(word for word in message.lower().split() if "/" not in word)
    return any(each in said for each in _REFUSED_PULL)


def _config_missing(
    sighting: Sighting, container: Container, events: list[Event], policy: Policy, now: float
) -> Sign | None:
    """A ConfigMap, Secret or key is still missing 3 s later: not only the kubelet's cache being behind."""
    del events, now
    reason, since = sighting.waiting_since.get(container.name, ("", 0.0))
    if reason != "CreateContainerConfigError" or "cache" in container.state.message:
        return None
    due = since + policy.config_missing_for
    return Sign("config-missing", due, sighting.pod.name, container.name, message=container.state.message)


_CONTAINER_RULES: tuple[Callable[[Sighting, Container, list[Event], Policy, float], Sign | None], ...] = (
    _crashed,
    _bad_image,
    _config_missing,
)

"""What each state of a pod tells, and each Event and condition about it: one rule a function. Pure.

The states and messages are those of a Kubernetes 1.36 kubelet with containerd, as measured; each rule says what it
rests on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from attrs import frozen

from promokit.cluster.objects import Container
from promokit.rollout.policy import Policy
from promokit.rollout.sighting import Sighting
from promokit.rollout.snapshot import LONG_AGO, Heard

NEVER = float("inf")
_LOST = {"Evicted", "Preempting", "NodeLost", "NodeAffinity", "Terminated", "NodeShutdown"}
_BY_AUTOSCALER = {"TriggeredScaleUp", "Nominated"}
_REFUSED_PULL = ("unauthorized", "denied", "forbidden", "authorization failed", "no basic auth credentials")
_UNPULLABLE = {"InvalidImageName", "ErrImageNeverPull"}
_NOT_THERE = ("not found", "manifest unknown", "404 Not Found")
_MISSING = re.compile(
    r'(configmap|secret)s? "[^"]*" not found|couldn\'t find key .* in (ConfigMap|Secret)'
    r"|references non-existent (config|secret) key"
)
_KUBELET_NOT_READY = ("cache", "services have not yet been read", "cannot find volume")
_RAN = "CrashLoopBackOff"
_RUNTIME_BUSY = ("deadline exceeded", "DeadlineExceeded", "is reserved for")


@frozen
class Sign:
    """A cause of failure: the reason word, where it was seen, and what it rests on.

    `due` is when it becomes a failure, in seconds since the change; before that it is only told. `rests_on` names the
    state, condition or Event.
    """

    reason: str
    due: float
    pod: str = ""
    container: str = ""
    exit_code: int | None = None
    message: str = ""
    count: int = 1
    rests_on: str = ""


@frozen
class Look:
    """A look at a pod: what is known of it, the Events about it, the policy and the time.

    `pods_are_ending` and `freed_at` are those of the snapshot: whether, and since when, there may be room.
    """

    sighting: Sighting
    heard: Sequence[Heard]
    policy: Policy
    now: float
    pods_are_ending: bool = False
    freed_at: float = LONG_AGO

    def about(self, container: Container, reason: str) -> list[Heard]:
        """Return the Events of a reason about a container, and those that don't say about which."""
        return [
            each for each in self.heard if each.event.reason == reason and each.event.container in {"", container.name}
        ]

    def sign(self, reason: str, due: float, container: Container, **facts: object) -> Sign:
        """Return a sign of one of the pod's containers."""
        return Sign(reason, due, self.sighting.pod.name, container.name, **facts)  # type: ignore[arg-type]


def pod_signs(look: Look) -> Iterator[Sign]:
    """Yield the signs of one pod of the new template."""
    if is_lost(look.sighting):
        return
    for pod_rule in (unschedulable, mount_missing):
        if sign := pod_rule(look):
            yield sign
    for container in look.sighting.pod.containers:
        for rule in CONTAINER_RULES:
            if sign := rule(look, container):
                yield sign


def blocked(look: Look) -> Iterator[Sign]:
    """Yield the signs that a pod can't even begin; of a Job's pod no others count, since its controller tries again."""
    return (each for each in pod_signs(look) if each.reason in _BEFORE_START)


def is_lost(sighting: Sighting) -> bool:
    """Say whether the pod fell to an eviction, to preemption or with its node: not the image's fault.

    `DisruptionTarget` is the condition for it (kubernetes.io/docs: pod disruption conditions).
    """
    disrupted = sighting.pod.condition("DisruptionTarget")
    return not sighting.lives or sighting.pod.reason in _LOST or (disrupted is not None and disrupted.status == "True")


def unschedulable(look: Look) -> Sign | None:
    """PodScheduled=False for 20 s, unless an autoscaler has spoken: then only the deadline ends the wait.

    The cluster autoscaler says TriggeredScaleUp, Karpenter says Nominated. Pods that are ending make room,
    which the scheduler has looked for 10 s after they have gone (podMaxBackoffSeconds).
    """
    since = look.sighting.unscheduled_since
    if since is None:
        return None
    spoken = any(each.event.reason in _BY_AUTOSCALER for each in look.heard)
    condition = look.sighting.pod.condition("PodScheduled")
    return Sign(
        "unschedulable",
        NEVER if spoken or look.pods_are_ending else max(since + look.policy.unschedulable_for, look.freed_at + 10.0),
        look.sighting.pod.name,
        message=condition.message if condition else "",
        rests_on="condition PodScheduled=False",
    )


def mount_missing(look: Look) -> Sign | None:
    """A ConfigMap or Secret that is to be mounted is still missing 3 s after the kubelet first said so.

    The status says only ContainerCreating meanwhile; the Event FailedMount names what is missing.
    """
    if any(each.state.kind != "waiting" for each in look.sighting.pod.containers if not each.init):
        return None
    said = [each for each in look.heard if each.event.reason == "FailedMount" and _is_config(each.event.message)]
    if not said:
        return None
    return Sign(
        "config-missing",
        min(each.first for each in said) + look.policy.config_missing_for,
        look.sighting.pod.name,
        message=said[-1].event.message,
        count=sum(each.count for each in said),
        rests_on="event FailedMount",
    )


def crashed(look: Look, container: Container) -> Sign | None:
    """The pod's containers ended again and again since our change, whatever the exit code, Ready in between or not.

    An init container that exits 0 has done its work; it is its failures that count.
    """
    count = look.sighting.terminations(container)
    end = container.state if container.state.kind == "terminated" else container.last
    if count < 1 or end is None or end.kind != "terminated":
        return None
    due = look.now if look.sighting.crashes >= look.policy.crashes else NEVER
    message = " ".join(filter(None, (end.reason, end.message)))
    rests_on = "state terminated" if end is container.state else f"restartCount {container.restarts}"
    return look.sign(
        _why_ended(look, container),
        due,
        container,
        exit_code=end.exit_code,
        message=message,
        count=count,
        rests_on=rests_on,
    )


def image_invalid(look: Look, container: Container) -> Sign | None:
    """The reference can't be pulled at all: the kubelet says so by the reason, by Event first and then by status."""
    state = container.state
    if state.reason in _UNPULLABLE:
        return look.sign("image-invalid", look.now, container, message=state.message, rests_on=f"state {state.reason}")
    said = [
        each.event
        for each in look.about(container, "Failed")
        if each.event.message.removeprefix("Error: ") in _UNPULLABLE
    ]
    if state.kind != "waiting" or container.image_id or not said:
        return None
    return look.sign("image-invalid", look.now, container, message=said[-1].message, rests_on="event Failed")


def pull_failed(look: Look, container: Container) -> Sign | None:
    """The kubelet can't pull. Only what the registry says tells a missing image from one that is on its way.

    Attempts are counted by the Events "Failed to pull"; the status lags behind them by one sync.
    """
    state = container.state
    failed = [each for each in look.about(container, "Failed") if "Failed to pull image" in each.event.message]
    told = state.reason in {"ErrImagePull", "ImagePullBackOff"}
    if state.kind != "waiting" or container.image_id or not (failed or told):
        return None
    message = failed[-1].event.message if failed else state.message
    refused, in_status = _refused(message), look.sighting.pulls.get(container.name, ())
    tries = max(
        sum(each.count for each in failed if _refused(each.event.message) or not refused),
        sum(_refused(each) or not refused for each in in_status),
    )
    rests_on = "event Failed" if failed else f"state {state.reason}"
    if refused:
        reason, due = "pull-refused", look.now if tries >= 2 else NEVER
    elif "no match for platform" in message:
        reason, due = "wrong-platform", look.now  # the image has no such child, and a digest doesn't change
    elif any(each in message for each in _NOT_THERE):
        reason, due = "image-not-found", look.now if look.policy.image_exists == "no" else NEVER
    else:
        reason, due = "pull-fails", NEVER
    return look.sign(reason, due, container, message=message, count=tries, rests_on=rests_on)


def config_missing(look: Look, container: Container) -> Sign | None:
    """A ConfigMap, Secret or key is still missing 3 s after the kubelet first said so, by Event or by status.

    A kubelet that hasn't read all yet says nothing of the object, nor does an old Event once the container has run.
    """
    reason, since = look.sighting.waiting_since.get(container.name, ("", NEVER))
    named = reason == "CreateContainerConfigError" and not _any(_KUBELET_NOT_READY, container.state.message)
    said = [each for each in look.about(container, "Failed") if _is_config(each.event.message)] * (reason != _RAN)
    if container.state.kind != "waiting" or not (named or said):
        return None
    first = min([since] * named + [each.first for each in said])
    message = container.state.message if named else said[-1].event.message
    return look.sign(
        "config-missing" if _is_config(message) else "config-refused",
        first + look.policy.config_missing_for,
        container,
        message=message,
        rests_on=f"state {reason}" if named else "event Failed",
    )


def not_created(look: Look, container: Container) -> Sign | None:
    """The runtime can't make the container (a missing command, say), on its second try."""
    state = container.state
    if state.reason not in {"CreateContainerError", "RunContainerError"}:
        return None
    tries = sum(each.count for each in look.about(container, "Failed") if _is_start(each.event.message))
    due = look.now if tries >= 2 else NEVER
    return look.sign(
        "cannot-start", due, container, message=state.message, count=max(tries, 1), rests_on=f"state {state.reason}"
    )


CONTAINER_RULES: tuple[Callable[[Look, Container], Sign | None], ...] = (
    crashed,
    image_invalid,
    pull_failed,
    config_missing,
    not_created,
)
_BEFORE_START = {
    "unschedulable",
    "config-missing",
    "config-refused",
    "image-invalid",
    "image-not-found",
    "pull-refused",
    "pull-fails",
    "wrong-platform",
}


def _why_ended(look: Look, container: Container) -> str:
    """Return the reason word for a container that ended: memory, the liveness probe and the command tell apart."""
    end = container.state if container.state.kind == "terminated" else container.last
    assert end is not None  # noqa: S101 - the caller has looked
    if end.reason == "OOMKilled":
        return "out-of-memory"
    if end.reason in {"StartError", "ContainerCannotRun"} or "exec format error" in end.message:
        return "cannot-start"
    if any("failed liveness probe" in each.event.message for each in look.about(container, "Killing")):
        return "liveness-killed"
    return "init-failed" if container.init and not container.sidecar else "crash-loop"


def _refused(message: str) -> bool:
    """Look for the words of a refusal, but not in the image's reference or a URL: a tag or digest may hold any."""
    said = " ".join(word for word in message.lower().split() if "/" not in word)
    return _any(_REFUSED_PULL, said) and "connect: permission denied" not in said  # that is the node's own network


def _is_start(message: str) -> bool:
    """Tell the Event of a container that couldn't be made or started from those of pulls and configuration.

    A runtime that is busy gets there in the end.
    """
    words = message.removeprefix("Error: ")
    others = words in {"ErrImagePull", "ImagePullBackOff"} or _is_config(message) or _any(_RUNTIME_BUSY, message)
    return words != message and not others


def _is_config(message: str) -> bool:
    """Tell the words for a missing ConfigMap, Secret or key from others that hold a "not found", such as a driver's."""
    return _MISSING.search(message) is not None


def _any(words: tuple[str, ...], message: str) -> bool:
    return any(each in message for each in words)

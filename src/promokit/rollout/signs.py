"""What each state of a pod tells, and each Event and condition about it: one rule a function. Pure.

The states and messages are those of a Kubernetes 1.36 kubelet with containerd, as measured; each rule says what it
rests on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from promokit.cluster.objects import Container, State
from promokit.rollout.look import NEVER, Look, Sign, any_of
from promokit.rollout.pulls import image_invalid, pull_failed
from promokit.rollout.sighting import NOT_STARTED, ON_ITS_WAY, RUNTIME_BUSY, Sighting

_LOST = {"Evicted", "Preempting", "NodeLost", "NodeAffinity", "Terminated", "NodeShutdown"}
_BY_AUTOSCALER = {"TriggeredScaleUp", "Nominated"}
_ROOM = ("Insufficient", "Too many pods", "free ports", "anti-affinity", "max volume count", "topology spread", "disk")
"""What the scheduler says where the end of another pod would help (pkg/scheduler/framework/plugins: their reasons)."""
_NODE_AWAY = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable", "/uninitialized")
"""What it says of a node that starts or is lost: it may be back (the taints of k8s.io/api/core/v1). One that is
cordoned stays so until a person acts. A scheduler since 1.35 names no taint, and control planes have one: it doesn't
tell which node is away."""
_NODE_AWAY_FOR = 300.0
"""Seconds: as long as Kubernetes itself lets a pod wait for its node (admission DefaultTolerationSeconds)."""
_MISSING = re.compile(
    r'(configmap|secret)s? "[^"]*" not found|couldn\'t find key .* in (ConfigMap|Secret)'
    r"|references non-existent (config|secret) key"
)
_KUBELET_NOT_READY = ("cache", "services have not yet been read", "cannot find volume", "host IP unknown")
_RAN = "CrashLoopBackOff"
_KILLING_PROBES = ("liveness", "startup")
"""Those for which the kubelet kills a container (pkg/kubelet/kuberuntime: computePodActions)."""


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
    """Yield the signs that a pod can't even begin; of a Job's pod no others count, since its controller tries again.

    A container that can't be made ends nothing that the controller could count, unlike one that can't be started.
    """
    return (each for each in pod_signs(look) if each.reason in _BEFORE_START or each.rests_on == _NOT_MADE)


def is_lost(sighting: Sighting) -> bool:
    """Say whether the pod fell to an eviction, to preemption or with its node: not the image's fault.

    `DisruptionTarget` is the condition for it (kubernetes.io/docs: pod disruption conditions).
    """
    disrupted = sighting.pod.condition("DisruptionTarget")
    return not sighting.lives or sighting.pod.reason in _LOST or (disrupted is not None and disrupted.status == "True")


def unschedulable(look: Look) -> Sign | None:
    """PodScheduled=False for 20 s, unless an autoscaler has spoken: then only the deadline ends the wait.

    The cluster autoscaler says TriggeredScaleUp, Karpenter says Nominated. A pod that is nominated has a node whose
    other pods are being preempted for it. The workload's own pods that are ending make room, if it is room that is
    missing; the scheduler has looked for it 10 s after they have gone (podMaxBackoffSeconds). A node that is away may
    be back and take it.
    """
    if look.sighting.unscheduled_since is None:
        return None
    since = max(look.sighting.unscheduled_since, 0.0)
    spoken = any(each.event.reason in _BY_AUTOSCALER for each in look.heard)
    condition = look.sighting.pod.condition("PodScheduled")
    message = condition.message if condition else ""
    room = max(look.room_until, look.freed_at + 10.0) if not message or any_of(_ROOM, message) else since
    wait = _NODE_AWAY_FOR if any_of(_NODE_AWAY, message) else look.policy.unschedulable_for
    return Sign(
        "unschedulable",
        NEVER if spoken or look.sighting.pod.nominated else max(since + wait, room),
        look.sighting.pod.name,
        message=message,
        rests_on="condition PodScheduled=False",
    )


def mount_missing(look: Look) -> Sign | None:
    """A ConfigMap or Secret that is to be mounted is still missing 3 s after the kubelet first said so.

    The status says only ContainerCreating meanwhile; the Event FailedMount names what is missing. Volumes come before
    the pod's sandbox, and that before any container or pull (pkg/kubelet/kubelet.go: SyncPod).
    """
    sandbox = look.sighting.pod.condition("PodReadyToStartContainers")
    states = [each.state for each in look.sighting.pod.containers]
    begun = any(each.kind != "waiting" or each.reason not in ON_ITS_WAY for each in states)
    if begun or (sandbox is not None and sandbox.status == "True"):
        return None
    said = [each for each in look.heard if each.event.reason == "FailedMount" and _is_config(each.event.message)]
    if not said:
        return None
    return Sign(
        "config-missing",
        max(min(each.first for each in said), 0.0) + look.policy.config_missing_for,
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
    end = container.end
    if count < 1 or end is None or end.kind != "terminated":
        return None
    due = look.now if look.sighting.crashes >= look.policy.crashes else NEVER
    probe = _killing_probe(look, container)
    rests_on = "state terminated" if end is container.state else f"restartCount {container.restarts}"
    return look.sign(
        _why_ended(end, container, probe),
        due,
        container,
        exit_code=end.exit_code,
        message="; ".join(filter(None, (f"{end.reason} {end.message}".strip(), _said_by(probe, look, container)))),
        count=count,
        rests_on=rests_on,
    )


def config_missing(look: Look, container: Container) -> Sign | None:
    """A ConfigMap, Secret or key is still missing 3 s after the kubelet first said so, by Event or by status.

    A kubelet that hasn't read all yet says nothing of the object, nor does an old Event once the container has run.
    """
    reason, since = look.sighting.waiting_since.get(container.name, ("", NEVER))
    told = _is_config(container.state.message) or not any_of(_KUBELET_NOT_READY, container.state.message)
    named = reason == "CreateContainerConfigError" and told
    said = [each for each in look.about(container, "Failed") if _is_config(each.event.message)] * (reason != _RAN)
    if container.state.kind != "waiting" or not (named or said):
        return None
    first = max(min([since] * named + [each.first for each in said]), 0.0)
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
_NOT_MADE = "state CreateContainerError"
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


def _why_ended(end: State, container: Container, probe: str) -> str:
    """Return the reason word for a container that ended: memory, the command and a probe that kills it tell apart."""
    if end.reason == "OOMKilled":
        return "out-of-memory"
    if end.reason in NOT_STARTED or "exec format error" in end.message:
        return "cannot-start"
    if probe:
        return f"{probe}-killed"
    return "init-failed" if container.init and not container.sidecar else "crash-loop"


def _killing_probe(look: Look, container: Container) -> str:
    """Return the probe for which the kubelet killed the container last; empty if none did."""
    killings = [each.event.message for each in look.about(container, "Killing")]
    found = [probe for said in killings for probe in _KILLING_PROBES if f"failed {probe} probe" in said]
    return found[-1] if found else ""


def _said_by(probe: str, look: Look, container: Container) -> str:
    """Return what a probe said last."""
    said = [each.event.message for each in look.about(container, "Unhealthy")]
    return next((each for each in reversed(said) if probe and each.lower().startswith(f"{probe} probe")), "")


def _is_start(message: str) -> bool:
    """Tell the Event of a container that couldn't be made or started from those of pulls and configuration.

    A runtime that is busy gets there in the end.
    """
    words = message.removeprefix("Error: ")
    others = words in {"ErrImagePull", "ImagePullBackOff"} or _is_config(message) or any_of(RUNTIME_BUSY, message)
    return words != message and not others


def _is_config(message: str) -> bool:
    """Tell the words for a missing ConfigMap, Secret or key from others that hold a "not found", such as a driver's."""
    return _MISSING.search(message) is not None

"""Since when what a workload runs has run without a break that could be seen. Pure; what can't be shown doesn't count.

Rules: deployment.go and deployment_util.go of Kubernetes' deployment controller (Progressing is written once, when the
rollout is complete; Available changes when too few pods are), and the kubelet's container statuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import frozen

from promokit.cluster.objects import Container, Controller, Pod, ReplicaSet
from promokit.identity.proof import present_pods
from promokit.model import Workload

_COMPLETE = "NewReplicaSetAvailable"


@frozen
class Begun:
    """When a clock began, and what began it; `at` is None where that can't be shown."""

    at: datetime | None
    what: str


def running_since(
    workload: Workload, controller: Controller | None, replica_sets: Iterable[ReplicaSet], pods: Iterable[Pod]
) -> Begun:
    """Return the latest of: rollout complete, a restart of a container, not Available, a change of digest.

    A moment counts only if a pod that is there now ran then: of one that is gone nobody can say how it ran.
    """
    if controller is None:
        return Begun(None, "there is no such workload")
    own = present_pods(controller, replica_sets, pods)
    ready = [each for each in own if each.ready]
    if not ready:
        return Begun(None, "no pod is Ready")
    started = [_started(each, workload) for each in ready]
    begun = [_complete(controller, workload, started), _available(controller, ready), _earliest(started)]
    begun += [_restarted(pod, each) for pod in own for each in pod.containers if _counts(each)]
    return _latest(begun)


def _complete(controller: Controller, workload: Workload, started: Sequence[datetime | None]) -> Begun:
    """The rollout's end. An image that isn't pinned may change with any pod, and other kinds than a Deployment don't
    tell when it was: the newest pod shows it then."""
    progressing, pinned = controller.condition("Progressing"), "@" in controller.images.get(workload.container, "")
    if progressing and progressing.reason == _COMPLETE and pinned:
        return Begun(progressing.since, "the rollout was complete")
    known = [each for each in started if each is not None]
    return Begun(max(known) if len(known) == len(started) else None, "its newest pod began")


def _available(controller: Controller, ready: Sequence[Pod]) -> Begun:
    """When the Deployment was last not Available; by its pods' readiness where it doesn't tell."""
    found = controller.condition("Available")
    if found is not None:
        return Begun(found.since if found.status == "True" else None, "it became Available")
    times = [condition.since for each in ready if (condition := each.condition("Ready"))]
    known = [each for each in times if each is not None]
    return Begun(max(known) if len(known) == len(ready) else None, "its pods became Ready")


def _earliest(started: Sequence[datetime | None]) -> Begun:
    known = [each for each in started if each is not None]
    return Begun(min(known, default=None), "its oldest pod began")


def _started(pod: Pod, workload: Workload) -> datetime | None:
    container = pod.container(workload.container)
    return container.state.started if container else None


def _counts(container: Container) -> bool:
    """An init container that was tried again did so before its pod ran."""
    return container.restarts > 0 and (not container.init or container.sidecar)


def _restarted(pod: Pod, container: Container) -> Begun:
    at = container.state.started or (container.last.finished if container.last else None)
    return Begun(at, f"{container.name} of {pod.name} restarted")


def _latest(begun: Sequence[Begun]) -> Begun:
    untold = [each for each in begun if each.at is None]
    return untold[0] if untold else max(begun, key=lambda each: each.at.timestamp() if each.at else 0.0)

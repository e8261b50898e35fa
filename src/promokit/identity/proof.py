"""What a workload runs, proven from its pods. Pure: never a guess, each doubt has a reason word of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import frozen

from promokit.cluster.objects import Container, Controller, Pod, ReplicaSet
from promokit.errors import ConfigError
from promokit.image import Digest, ImageRef
from promokit.model import Workload

REMEDIES: Mapping[str, str] = {
    "proven": "",
    "no-workload": "apply the manifests first, or mend workloads: in promokit.yaml",
    "no-container": "mend workloads: in promokit.yaml",
    "paused": "kubectl rollout resume, then run this again",
    "zero-replicas": "scale it up: what doesn't run can't be proven",
    "rollout-under-way": "wait until the rollout has ended, then run this again",
    "no-pods": "see why no pod is Ready: kubectl describe",
    "two-digests": "let the rollout end, or roll back, so that all pods run one image",
    "no-digest": "the runtime doesn't tell the image's digest: pin the image as repository:tag@sha256:…",
    "spec-differs": "the pods run another digest than the Deployment asks for: delete them, or roll back",
}


@frozen
class Proof:
    """What one workload runs. `digest` is there exactly if `reason` is proven; `image` is what the spec says."""

    workload: Workload
    reason: str
    image: str = ""
    digest: Digest | None = None
    since: datetime | None = None
    pods: int = 0

    @property
    def remedy(self) -> str:
        """How to get to a proof."""
        return REMEDIES[self.reason]


def prove(
    workload: Workload,
    controller: Controller | None,
    replica_sets: Iterable[ReplicaSet],
    pods: Iterable[Pod],
) -> Proof:
    """Return what a workload runs, by the Ready pods that its current ReplicaSet owns, never by label alone."""
    if controller is None:
        return Proof(workload, "no-workload")
    image = controller.images.get(workload.container)
    if image is None:
        return Proof(workload, "no-container")
    if doubt := _doubt(controller):
        return Proof(workload, doubt, image)
    owners, revision = _owners(controller, replica_sets)
    ready = [each for each in pods if each.owner in owners and revision in {None, each.revision} and each.ready]
    return _agreed(workload, image, ready)


def _owners(controller: Controller, replica_sets: Iterable[ReplicaSet]) -> tuple[set[str], str | None]:
    """Return the UIDs of what owns the present pods, and the revision that marks them where the owner has older ones.

    The pods below a StatefulSet's partition run the old template by intent, so they don't mark themselves as present.
    """
    if controller.kind != "Deployment":
        return {controller.uid}, controller.revision
    owned = [each for each in replica_sets if each.owner == controller.uid]
    return {each.uid for each in owned if each.revision == controller.revision}, None


def running_digest(container: Container) -> Digest | None:
    """Read the digest out of a container's imageID (`repo@sha256:…`, `docker-pullable://repo@sha256:…`).

    A bare `sha256:…` may be the digest of a config, so it proves nothing.
    """
    _, at, digest = container.image_id.rpartition("@")
    try:
        return Digest.parse(digest) if at else None
    except ConfigError:
        return None


def _doubt(controller: Controller) -> str | None:
    if controller.paused:
        return "paused"
    if controller.wanted == 0:
        return "zero-replicas"
    settled = (
        controller.observed_generation >= controller.generation
        and controller.updated == controller.total == controller.wanted
    )
    return None if settled else "rollout-under-way"


def _agreed(workload: Workload, image: str, ready: list[Pod]) -> Proof:
    if not ready:
        return Proof(workload, "no-pods", image)
    running = [each for pod in ready for each in pod.containers if each.name == workload.container]
    digests = {running_digest(each) for each in running}
    if len(digests) > 1:
        return Proof(workload, "two-digests", image, pods=len(ready))
    digest = digests.pop() if digests else None
    if digest is None:
        return Proof(workload, "no-digest", image, pods=len(ready))
    pinned = _pinned(image)
    if pinned is not None and pinned != digest:
        return Proof(workload, "spec-differs", image, pods=len(ready))
    started = [each.state.started for each in running if each.state.started]
    return Proof(workload, "proven", image, digest, max(started, default=None), len(ready))


def _pinned(image: str) -> Digest | None:
    try:
        return ImageRef.parse(image).digest
    except ConfigError:
        return None

"""What a workload runs, proven from its pods. Pure: never a guess, each doubt has a reason word of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import evolve, frozen

from promokit.cluster.newest import of_newest
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
    "no-pods": "see why there is no pod of the present template: promokit explain, or kubectl describe",
    "none-ready": "see why no pod is Ready: promokit explain, or kubectl describe",
    "two-digests": "let the rollout end, or roll back, so that all pods run one image",
    "no-digest": "the pods' digest isn't one of the image's: pin the image as repository:tag@sha256:…",
    "spec-differs": "the pods run another digest than the Deployment asks for: delete them, or roll back",
}


@frozen
class Proof:
    """What one workload runs. `digest` is there exactly if `reason` is proven; `image` is what the spec says.

    `told` are the digests that the runtimes of the Ready pods told (None: one told none). Where they don't make a
    proof by themselves, the registry may know what they mean (`lookup.py`).
    """

    workload: Workload
    reason: str
    image: str = ""
    digest: Digest | None = None
    since: datetime | None = None
    pods: int = 0
    told: frozenset[Digest | None] = frozenset()

    @property
    def remedy(self) -> str:
        """How to get to a proof."""
        return REMEDIES[self.reason]

    @property
    def pinned(self) -> Digest | None:
        """The digest that the spec asks for, if it asks for one."""
        reference = self.reference
        return reference.digest if reference else None

    @property
    def reference(self) -> ImageRef | None:
        """The spec's image, read; None where it is no reference."""
        try:
            return ImageRef.parse(self.image)
        except ConfigError:
            return None


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
    present = present_pods(controller, replica_sets, pods)
    if all(each.deleting for each in present):
        return Proof(workload, "no-pods", image)
    ready = [each for each in present if each.ready]
    return _agreed(workload, image, ready) if ready else Proof(workload, "none-ready", image)


def present_pods(controller: Controller, replica_sets: Iterable[ReplicaSet], pods: Iterable[Pod]) -> list[Pod]:
    """Return the pods of the present template, by what owns them.

    The pods below a StatefulSet's partition run the old template by intent, so they aren't present.
    """
    if controller.kind != "Deployment":
        own = [each for each in pods if each.owner == controller.uid]
        return list(filter(of_newest(controller, own), own))
    owned = [each for each in replica_sets if each.owner == controller.uid]
    current = {each.uid for each in owned if each.revision == controller.revision}
    return [each for each in pods if each.owner in current]


def told_digest(container: Container) -> Digest | None:
    """Return the digest in a container's imageID: of an index or of one of its images, or the digest of a config.

    containerd and CRI-O write `repo@sha256:…`, Docker `docker-pullable://repo@sha256:…`, and each a bare `sha256:…` of
    the config (`docker://sha256:…`, or its hex alone) for an image without a repository, as one that was imported.
    """
    text = container.image_id.rpartition("@")[2].rpartition("//")[2]
    try:
        return Digest.parse(text if ":" in text else f"sha256:{text}")
    except ConfigError:
        return None


def running_digest(container: Container) -> Digest | None:
    """Return the digest by which a container's image was pulled; None for a bare one: by itself it proves nothing."""
    return told_digest(container) if "@" in container.image_id else None


def under_way(controller: Controller) -> bool:
    """Return whether a rollout is under way: not all of the wanted pods, and only they, are of the current revision."""
    return not (
        controller.observed_generation >= controller.generation
        and controller.updated == controller.total == controller.wanted
    )


def _doubt(controller: Controller) -> str | None:
    if controller.paused:
        return "paused"
    if controller.wanted == 0:
        return "zero-replicas"
    return "rollout-under-way" if under_way(controller) else None


def _agreed(workload: Workload, image: str, ready: list[Pod]) -> Proof:
    running = [pod.container(workload.container) for pod in ready]
    started = [each.state.started for each in running if each and each.state.started]
    told = frozenset(told_digest(each) if each else None for each in running)
    proof = Proof(workload, "proven", image, None, max(started, default=None), len(ready), told)
    digests = {running_digest(each) if each else None for each in running}
    digest = next(iter(digests))
    if len(digests) > 1:
        return evolve(proof, reason="two-digests")
    if digest is None:
        return evolve(proof, reason="no-digest")
    return evolve(proof, reason="spec-differs") if proof.pinned not in (None, digest) else evolve(proof, digest=digest)

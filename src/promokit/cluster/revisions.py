"""The pod templates that workloads had: a Deployment's ReplicaSets, the ControllerRevisions of the other kinds."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field, frozen

from promokit.cluster.namespace import Namespace
from promokit.cluster.transport import Json
from promokit.model import Kind

_NUMBER = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"


@frozen
class Revision:
    """One pod template of the controller with UID `owner`; the newest has the highest `number`.

    `template` is as the controller had it: without what Kubernetes adds to keep revisions apart.
    """

    owner: str
    number: int
    images: dict[str, str]
    template: Json = field(factory=dict, eq=False, repr=False)


def revisions(namespace: Namespace, kinds: Iterable[Kind]) -> list[Revision]:
    """Return the revisions that are kept of all controllers of these kinds, newest last.

    `revisionHistoryLimit` of each are kept. Errors: Unreachable, also when it isn't allowed.
    """
    wanted = set(kinds)
    found: list[Revision] = []
    if "Deployment" in wanted:
        found += [of_replica_set(each) for each in namespace.items("replicasets")]
    if wanted - {"Deployment"}:
        found += [of_controller_revision(each) for each in namespace.items("controllerrevisions")]
    return sorted(found, key=lambda each: each.number)


def of_replica_set(data: Json) -> Revision:
    """Read an apps/v1 ReplicaSet, without the label that the controller adds (deployment/sync.go, getNewReplicaSet)."""
    template = data["spec"]["template"]
    labels = (template.get("metadata") or {}).get("labels") or {}
    if _HASH in labels:
        kept = {key: value for key, value in labels.items() if key != _HASH}
        template = {**template, "metadata": {**template["metadata"], "labels": kept}}
    return _made(data, (data["metadata"].get("annotations") or {}).get(_NUMBER, ""), template)


def of_controller_revision(data: Json) -> Revision:
    """Read an apps/v1 ControllerRevision: a patch that replaces the template (stateful_set_utils.go, getPatch)."""
    raw = ((data.get("data") or {}).get("spec") or {}).get("template") or {}
    return _made(data, data.get("revision", ""), {key: value for key, value in raw.items() if key != "$patch"})


def _made(data: Json, number: object, template: Json) -> Revision:
    owners = data["metadata"].get("ownerReferences") or ()
    owner = next((str(each.get("uid")) for each in owners if each.get("controller")), "")
    containers = (template.get("spec") or {}).get("containers") or ()
    images = {each["name"]: each.get("image", "") for each in containers}
    return Revision(owner, int(str(number)) if str(number).isdecimal() else 0, images, template)

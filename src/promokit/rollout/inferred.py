"""The ReplicaSets that a dump leaves out, inferred from the pods that they own and the Deployments that own them. Pure.

`kubectl get deployments,pods` doesn't list them: a pod tells the UID and the name of its ReplicaSet, and that name is
the Deployment's with the template's hash behind it (pkg/controller/deployment/sync.go: getNewReplicaSet).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]
_REVISION = "deployment.kubernetes.io/revision"


def inferred_replica_sets(items: Iterable[Json]) -> list[Json]:
    """Return a ReplicaSet for each that owns pods of the dump, of Deployments of which the dump has none.

    The newest is the one whose pods have the Deployment's images; of several, the one that made the newest pod.
    """
    listed = list(items)
    known = {owner["uid"] for each in listed if each["kind"] == "ReplicaSet" for owner in _owners(each)}
    return [
        replica_set
        for deployment in listed
        if deployment["kind"] == "Deployment" and deployment["metadata"]["uid"] not in known
        for replica_set in _of(deployment, [each for each in listed if each["kind"] == "Pod"])
    ]


def _of(deployment: Json, pods: list[Json]) -> Iterator[Json]:
    made: dict[str, list[Json]] = {}
    for pod in pods:
        for owner in _owners(pod):
            if owner.get("kind") == "ReplicaSet" and _stem(owner) == deployment["metadata"]["name"]:
                made.setdefault(owner["uid"], []).append(pod)
    images = _images(deployment["spec"]["template"])
    current = [uid for uid, of_it in made.items() if images and _images(of_it[0]) == images]
    newest = max(current, key=lambda uid: max(map(_created, made[uid])), default="")
    for uid, of_it in made.items():
        yield _replica_set(deployment, uid, of_it, newest=uid == newest)


def _replica_set(deployment: Json, uid: str, pods: list[Json], *, newest: bool) -> Json:
    meta = deployment["metadata"]
    revision = (meta.get("annotations") or {}).get(_REVISION, "") if newest else "of before"
    return {
        "kind": "ReplicaSet",
        "metadata": {
            "name": meta["name"],
            "uid": uid,
            "ownerReferences": [{"uid": meta["uid"], "controller": True}],
            "annotations": {_REVISION: revision},
            "creationTimestamp": min(map(_created, pods)) or None,
        },
        "spec": {"replicas": len(pods), "template": {"spec": pods[0].get("spec") or {}}},
    }


def _owners(item: Json) -> list[Json]:
    return [each for each in item["metadata"].get("ownerReferences") or () if each.get("controller", True)]


def _stem(owner: Json) -> str:
    return str(owner.get("name", "")).rpartition("-")[0]


def _created(pod: Json) -> str:
    return pod["metadata"].get("creationTimestamp") or ""


def _images(pod: Json) -> dict[str, str]:
    containers = (pod.get("spec") or {}).get("containers") or ()
    return {each["name"]: each.get("image", "") for each in containers if isinstance(each, dict) and "name" in each}

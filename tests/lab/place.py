"""A namespace of the lab's cluster as a case's stage: manifests go on it, workloads get images, things happen to it."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from attrs import define, field

from tests.lab import actors
from tests.lab.api import Api
from tests.lab.errors import LabError
from tests.lab.layout import Cluster

PATHS = {
    "deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "statefulset": "/apis/apps/v1/namespaces/{}/statefulsets",
    "daemonset": "/apis/apps/v1/namespaces/{}/daemonsets",
    "pod": "/api/v1/namespaces/{}/pods",
    "job": "/apis/batch/v1/namespaces/{}/jobs",
    "configmap": "/api/v1/namespaces/{}/configmaps",
    "secret": "/api/v1/namespaces/{}/secrets",
    "serviceaccount": "/api/v1/namespaces/{}/serviceaccounts",
}
CLUSTER_WIDE = {
    "namespace": "/api/v1/namespaces",
    "node": "/api/v1/nodes",
    "priorityclass": "/apis/scheduling.k8s.io/v1/priorityclasses",
    "webhook": "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
}
Manifest = Mapping[str, Any]


@define
class Place:
    """One namespace of a cluster; `images` has the references of the actor's images by the behaviour's name."""

    cluster: Cluster
    namespace: str
    images: dict[str, str]
    hidden: dict[str, bytes] = field(factory=dict)
    """What the registry's hidden images were, by the behaviour's name."""
    until_end: ExitStack = field(factory=ExitStack)
    """What is closed when the case has ended."""
    api: Api = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.api = Api(self.cluster)

    def apply(self, manifest: Manifest) -> None:
        """Apply a manifest in this namespace, its images as `filled` says."""
        self.api.apply(self._here(manifest))

    def create(self, manifest: Manifest) -> None:
        """Create what a manifest says: a Job is made once."""
        self.api.create(self._here(manifest))

    def patch(self, kind: str, name: str, patch: Manifest) -> None:
        """Change an object, images as `filled` says."""
        self.api.patch(self.path(kind, name), self.filled(dict(patch)))

    def delete(self, kind: str, name: str, grace_seconds: int | None = None) -> None:
        """Delete an object; not found is fine."""
        self.api.delete(self.path(kind, name), grace_seconds)

    def pods(self, labels: str) -> list[dict[str, Any]]:
        """The pods with these labels, oldest first."""
        listed: list[dict[str, Any]] = self.api.get(f"{self.path('pod')}?labelSelector={labels}")["items"]
        return sorted(listed, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))

    def hide(self, behaviour: str) -> None:
        """Take an image out of the registry."""
        self.hidden[behaviour] = actors.hide(self.images[behaviour])

    def show(self, behaviour: str) -> None:
        """Bring a hidden image back."""
        actors.show(self.images[behaviour], self.hidden.pop(behaviour))

    def path(self, kind: str, name: str = "") -> str:
        """The API's path of a kind's objects here, or of one."""
        path = CLUSTER_WIDE.get(kind) or PATHS[kind].format(self.namespace)
        return f"{path}/{name}" if name else path

    def filled(self, content: Any) -> Any:
        """The content with `actor:NAME` written as that image's reference, `{namespace}` and `{node}` named."""
        if isinstance(content, dict):
            return {key: self.filled(value) for key, value in content.items()}
        if isinstance(content, list | tuple):
            return [self.filled(value) for value in content]
        if isinstance(content, str):
            name = content.removeprefix("actor:")
            if name != content:
                return self.images[name]
            return content.replace("{namespace}", self.namespace).replace("{node}", self.cluster.name)
        return content

    def wait_until_complete(self, kind: str, name: str, seconds: float = 60) -> None:
        """Wait until a workload is rolled out: all replicas are new and available."""
        self.wait(f"{kind}/{name} is complete", lambda: is_complete(self.api.get(self.path(kind, name))), seconds)

    def wait(self, what: str, holds: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something holds. LabError where it doesn't in time."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise LabError(f"{self.namespace}: not after {seconds:.0f} s: {what}.", "look at its events.")
            time.sleep(0.1)

    def make(self) -> None:
        """Make the namespace anew and wait for the account that its pods run as."""
        self.remove()
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
        self.api.apply(namespace)
        accounts = f"/api/v1/namespaces/{self.namespace}/serviceaccounts"
        self.wait("default service account", lambda: any(True for _ in self._named(accounts, "default")))

    def remove(self) -> None:
        """Delete the namespace with all in it, without waiting for pods to end well."""
        if not any(True for _ in self._named(CLUSTER_WIDE["namespace"], self.namespace)):
            return
        for kind in ("deployment", "statefulset", "daemonset", "job"):
            self.api.delete(self.path(kind))
        self.api.delete(self.path("pod"), grace_seconds=0)
        self.api.delete(self.path("namespace", self.namespace))
        there = CLUSTER_WIDE["namespace"]
        self.wait("gone", lambda: not any(True for _ in self._named(there, self.namespace)), seconds=120)

    def _named(self, collection: str, name: str) -> Iterator[Any]:
        items = self.api.get(collection)["items"]
        return (item for item in items if item["metadata"]["name"] == name)

    def _here(self, manifest: Manifest) -> dict[str, Any]:
        here: dict[str, Any] = self.filled(copy.deepcopy(dict(manifest)))
        if self.api.resource_of(here["apiVersion"], here["kind"])[2]:
            here["metadata"] = {**here["metadata"], "namespace": self.namespace}
        return here


def is_complete(workload: Manifest) -> bool:
    """Whether the controller has seen the newest spec and all replicas that it wants are new and available."""
    status, spec = workload.get("status", {}), workload["spec"]
    if status.get("observedGeneration") != workload["metadata"]["generation"]:
        return False
    if workload["kind"] == "DaemonSet":
        wanted = status["desiredNumberScheduled"]
        return bool(wanted) and wanted == status.get("updatedNumberScheduled") == status.get("numberAvailable")
    counts = (status.get(it) for it in ("replicas", "updatedReplicas", "availableReplicas"))
    return all(count == spec["replicas"] for count in counts)

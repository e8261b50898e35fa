"""What people, controllers and faults do to a namespace while a case runs, each as data that can be carried out."""

from __future__ import annotations

import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.doubles import registry_auth
from tests.http_server import Answer, Server
from tests.lab import node
from tests.lab.place import Manifest, Place


class Step(ABC):
    """One thing that happens."""

    @abstractmethod
    def do(self, place: Place) -> None:
        """Let it happen in a place."""


@frozen
class Apply(Step):
    """Somebody applies a manifest."""

    manifest: Manifest

    def do(self, place: Place) -> None:
        place.apply(self.manifest)


@frozen
class Patch(Step):
    """Somebody changes an object."""

    kind: str
    name: str
    patch: Mapping[str, Any]

    def do(self, place: Place) -> None:
        place.patch(self.kind, place.filled(self.name), self.patch)


@frozen
class Delete(Step):
    """Somebody deletes an object."""

    kind: str
    name: str

    def do(self, place: Place) -> None:
        place.delete(self.kind, place.filled(self.name))


@frozen
class SetImage(Step):
    """Somebody gives a container another image: `deployment/web/app` gets `actor:better`."""

    workload: str
    image: str

    def do(self, place: Place) -> None:
        kind, name, container = self.workload.split("/")
        containers = [{"name": container, "image": self.image}]
        place.patch(kind, name, {"spec": {"template": {"spec": {"containers": containers}}}})


@frozen
class Create(Step):
    """Somebody creates an object, such as a migration's Job."""

    manifest: Manifest

    def do(self, place: Place) -> None:
        place.create(self.manifest)


@frozen
class Evict(Step):
    """Somebody drains the node: the newest pod with these labels is evicted."""

    labels: str

    def do(self, place: Place) -> None:
        name = place.pods(self.labels)[-1]["metadata"]["name"]
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
        place.api.post(f"{place.path('pod', name)}/eviction", eviction)


@frozen
class Announce(Step):
    """The cluster's autoscaler says something about the newest pod with these labels."""

    labels: str
    reason: str

    def do(self, place: Place) -> None:
        pod = place.pods(self.labels)[-1]["metadata"]
        about = {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": pod["namespace"],
            "name": pod["name"],
            "uid": pod["uid"],
        }
        said = {"reason": self.reason, "message": "pod triggered scale-up", "type": "Normal", "count": 1}
        source = {"component": "cluster-autoscaler"}
        name = {"name": f"{pod['name']}.scale-up"}
        event = {"apiVersion": "v1", "kind": "Event", "metadata": name, "involvedObject": about, "source": source}
        place.create(event | said)


@frozen
class WaitForCondition(Step):
    """Time passes until an object has a condition with this reason."""

    kind: str
    name: str
    reason: str

    def do(self, place: Place) -> None:
        def holds() -> bool:
            status = place.api.get(place.path(self.kind, self.name))["status"]
            return any(it["reason"] == self.reason for it in status.get("conditions", ()))

        place.wait(f"{self.kind}/{self.name} has {self.reason}", holds)


@frozen
class HideImage(Step):
    """The registry hasn't got this image (yet), nor has the node."""

    behaviour: str

    def do(self, place: Place) -> None:
        node.forget_image(place.cluster, place.images[self.behaviour].partition("@")[2])
        place.hide(self.behaviour)


@frozen
class ShowImage(Step):
    """The image that was hidden gets pushed."""

    behaviour: str

    def do(self, place: Place) -> None:
        place.show(self.behaviour)


@frozen
class StopKubelet(Step):
    """The node is lost: its kubelet stops."""

    def do(self, place: Place) -> None:
        node.stop_kubelet(place.cluster)


@frozen
class StartKubelet(Step):
    """The node comes back, if it was lost."""

    def do(self, place: Place) -> None:
        if not node.has_kubelet(place.cluster):
            node.start_kubelet(place.cluster)


@frozen
class PrivateRegistry(Step):
    """A registry, by its host's name, that wants a password which the node hasn't got."""

    host: str

    def do(self, place: Place) -> None:
        folder = Path(place.until_end.enter_context(tempfile.TemporaryDirectory(prefix="promokit-registry-")))
        auth = registry_auth.basic_auth(folder)
        address = place.until_end.enter_context(registry_auth.running_registry(folder, auth))
        node.mirror(place.cluster, self.host, f"http://{address}")


@frozen
class ForbiddingRegistry(Step):
    """A registry, by its host's name, that knows who asks and refuses: 403, as ECR does without a policy."""

    host: str

    def do(self, place: Place) -> None:
        server = place.until_end.enter_context(Server(lambda asked: Answer(403)).running())
        node.mirror(place.cluster, self.host, server.url)


@frozen
class Pass(Step):
    """Time passes, until the API server's parts have learned of what was applied."""

    seconds: float = 1.0

    def do(self, place: Place) -> None:
        del place
        time.sleep(self.seconds)

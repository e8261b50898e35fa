"""What promokit reads of Kubernetes objects: small types with only the fields that are used."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from promokit.model import Kind

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


@frozen
class Condition:
    """A condition of an object's status; `status` is True, False or Unknown, as text."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: datetime | None = None


@frozen
class Controller:
    """A Deployment, StatefulSet or DaemonSet: what Kubernetes calls the controller of its pods; `kind` says which.

    `template` is a hash of the pod template; `images` are its containers' images by name. `wanted` is the number of
    pods asked for (of a DaemonSet: nodes that should run one), `total` those that are there, `updated` those of the
    newest template. `partition` of a StatefulSet is the number of pods that keep the old one. `progress_seconds` is
    None where the kind has no deadline. `max_unavailable` of a Deployment is how many may be missing while it rolls
    out, and `terminating` how many of its pods are on their way out, where it says so. `on_delete`: pods are only
    replaced when somebody deletes them. `version` is the resourceVersion: equal ones are the same state.
    """

    name: str
    uid: str
    generation: int
    observed_generation: int
    wanted: int
    paused: bool
    progress_seconds: int | None
    template: str
    images: dict[str, str]
    annotations: dict[str, str]
    selector: dict[str, str]
    total: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    conditions: tuple[Condition, ...] = ()
    kind: Kind = "Deployment"
    partition: int = 0
    on_delete: bool = False
    update_revision: str = ""
    current_revision: str = ""
    version: str = ""
    max_unavailable: int = 0
    terminating: int = 0

    @property
    def revision(self) -> str:
        """What marks the newest ReplicaSet of a Deployment, or the newest pods of the other kinds."""
        if self.kind == "StatefulSet":
            return self.update_revision
        key = "deployment.kubernetes.io/revision" if self.kind == "Deployment" else TEMPLATE_GENERATION
        return self.annotations.get(key, "")

    def condition(self, kind: str) -> Condition | None:
        """Return the condition of this type, if there is one."""
        return next((each for each in self.conditions if each.type == kind), None)


@frozen
class ReplicaSet:
    """`owner` is the UID of the Deployment; `revision` the controller's number, as text."""

    name: str
    uid: str
    owner: str
    revision: str
    images: dict[str, str]
    replicas: int = 0
    conditions: tuple[Condition, ...] = ()
    created: datetime | None = None

    @property
    def failure(self) -> Condition | None:
        """What it says of why it can't make pods, if it can't."""
        told = (each for each in self.conditions if (each.type, each.status) == ("ReplicaFailure", "True"))
        return next((each for each in told if each.reason != "FailedDelete"), None)


@frozen
class State:
    """What a container is in: `waiting`, `running` or `terminated`, with what the kubelet says of it."""

    kind: str = "waiting"
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    started: datetime | None = None
    finished: datetime | None = None


@frozen
class Container:
    """The status of one container of a pod. `image_id` is what the runtime says it runs."""

    name: str
    image: str
    image_id: str
    ready: bool
    restarts: int
    state: State
    last: State | None = None
    init: bool = False
    sidecar: bool = False

    @property
    def end(self) -> State | None:
        """How it ended last, if it did: what it is in now, or was before it was started anew."""
        return self.state if self.state.kind == "terminated" else self.last


@frozen
class Pod:
    """`owner` is the UID of the ReplicaSet, StatefulSet, DaemonSet or Job; `deleting` once it has a deletion timestamp.

    `revision` is the template it was made from, as its StatefulSet (by name) or DaemonSet (by number) marks it, and
    `template` the hash that a DaemonSet adds. Of one on its way out, `ends` is by when it should have ended, and
    `grace` how many seconds it has for that. `nominated`: the scheduler makes room for it on a node.
    """

    name: str
    uid: str
    owner: str
    phase: str
    deleting: bool
    reason: str = ""
    node: str = ""
    created: datetime | None = None
    containers: tuple[Container, ...] = ()
    conditions: tuple[Condition, ...] = ()
    revision: str = ""
    template: str = ""
    grace: int = 30
    ends: datetime | None = None
    nominated: bool = False

    def condition(self, kind: str) -> Condition | None:
        """Return the condition of this type, if there is one."""
        return next((each for each in self.conditions if each.type == kind), None)

    def container(self, name: str) -> Container | None:
        """Return the status of the container of this name, if there is one yet."""
        return next((each for each in self.containers if each.name == name), None)

    @property
    def ready(self) -> bool:
        """Whether the pod is Ready and not on its way out."""
        condition = self.condition("Ready")
        return not self.deleting and condition is not None and condition.status == "True"


@frozen
class Event:
    """An Event about `uid` (the involved object), `count` times so far; `id` is the Event's own UID.

    `container` is the one it speaks of, where it is about one.
    """

    id: str
    uid: str
    kind: str
    name: str
    reason: str
    message: str
    count: int = 1
    type: str = "Normal"
    container: str = ""
    first: datetime | None = None
    last: datetime | None = None


@frozen
class Job:
    """A Job with the conditions of its status."""

    name: str
    uid: str
    labels: dict[str, str]
    images: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    created: datetime | None = None
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    conditions: tuple[Condition, ...] = ()

    def condition(self, kind: str) -> Condition | None:
        """Return the condition of this type if it holds."""
        return next((each for each in self.conditions if each.type == kind and each.status == "True"), None)


Object = Controller | ReplicaSet | Pod | Event | Job

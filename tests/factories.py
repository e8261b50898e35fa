"""Small makers of what the core judges: a call says only what the test is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from promokit.cluster.objects import Condition, Container, Controller, Event, Job, Pod, ReplicaSet, State
from promokit.image import Digest, ImageRef
from promokit.model import Environment, ImageSettings, Workload

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
REPOSITORY = "registry.example.com/app"
WORKLOAD = Workload("main-app", "main-app")
COMMIT = "c0ffee" + "0" * 34


def digest(digit: str = "a") -> Digest:
    return Digest("sha256:" + digit * 64)


def image(digit: str = "a", tag: str = "2026.11.24.0001") -> ImageRef:
    return ImageRef.parse(f"{REPOSITORY}:{tag}@{digest(digit)}")


def environment(name: str = "test", **changes: Any) -> Environment:
    settings: dict[str, Any] = {
        "namespace": f"credreg-{name}",
        "workloads": (WORKLOAD,),
        "image": ImageSettings(REPOSITORY, "master"),
        "stable_for": timedelta(0),
        **changes,
    }
    return Environment(name=name, **settings)


def deployment(name: str = "main-app", **changes: Any) -> Controller:
    """A Deployment of two whose rollout is complete."""
    wanted = changes.pop("wanted", 2)
    settings: dict[str, Any] = {
        "uid": f"{name}-uid",
        "generation": 2,
        "observed_generation": changes.get("generation", 2),
        "wanted": wanted,
        "paused": False,
        "progress_seconds": 600,
        "template": "new",
        "images": {name: str(image())},
        "annotations": {"deployment.kubernetes.io/revision": "2"},
        "selector": {"app": name},
        "total": wanted,
        "updated": wanted,
        "ready": wanted,
        "available": wanted,
        **changes,
    }
    return Controller(name=name, **settings)


def rolling(**changes: Any) -> Controller:
    """A Deployment in the middle of its rollout: one new pod made, none available."""
    return deployment(**{"total": 3, "updated": 1, "ready": 2, "available": 2, **changes})


def replica_set(revision: str = "2", **changes: Any) -> ReplicaSet:
    settings: dict[str, Any] = {
        "name": f"main-app-{revision}",
        "uid": f"rs{revision}",
        "owner": "main-app-uid",
        "revision": revision,
        "images": {"main-app": str(image())},
        "replicas": 2,
        **changes,
    }
    return ReplicaSet(**settings)


def running(started: datetime | None = None) -> State:
    return State("running", started=started)


def waiting(reason: str = "ContainerCreating", message: str = "") -> State:
    return State("waiting", reason, message)


def terminated(code: int = 1, reason: str = "Error", message: str = "") -> State:
    return State("terminated", reason, message, code)


def container(name: str = "main-app", **changes: Any) -> Container:
    """A container that runs, unless told otherwise."""
    settings: dict[str, Any] = {
        "image": str(image()),
        "image_id": f"{REPOSITORY}@{digest()}",
        "ready": True,
        "restarts": 0,
        "state": running(NOW),
        **changes,
    }
    return Container(name=name, **settings)


def pod(name: str = "new-1", *containers: Container, **changes: Any) -> Pod:
    """A pod of the new ReplicaSet, Ready if all its containers run."""
    parts = containers or (container(),)
    ready = changes.pop("ready", all(each.ready for each in parts))
    conditions = changes.pop("conditions", (Condition("Ready", "True" if ready else "False"),))
    settings: dict[str, Any] = {"uid": f"{name}-uid", "owner": "rs2", "phase": "Running", "deleting": False, **changes}
    return Pod(name=name, containers=parts, conditions=conditions, **settings)


def failing(name: str = "new-1", **changes: Any) -> Pod:
    """A pod whose one container isn't Ready, in the state that is told."""
    return pod(name, container(**{"ready": False, **changes}))


def event(reason: str, message: str = "", uid: str = "new-1-uid", count: int = 1) -> Event:
    return Event(f"{reason}-{uid}-{message}", uid, "Pod", "new-1", reason, message, count)


def job(*conditions: Condition, name: str = "db-migrate-aaaaaaaaaa-1") -> Job:
    return Job(name=name, uid=name, labels={}, conditions=conditions)

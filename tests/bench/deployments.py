"""The Deployments that are rolled out on the simulated cluster."""

from __future__ import annotations

import time
from typing import Any

from tests.bench.api import Api
from tests.bench.bounds import is_complete
from tests.bench.programs import image
from tests.bench.simulated import NAME

PATH = f"/apis/apps/v1/namespaces/{NAME}/deployments"


def make_namespace(api: Api, seconds: float = 30) -> None:
    """Make the namespace, and wait for the account that its pods run as."""
    api.post("/api/v1/namespaces", {"metadata": {"name": NAME}})
    until = time.monotonic() + seconds
    while not api.get(f"/api/v1/namespaces/{NAME}/serviceaccounts")["items"]:
        if time.monotonic() > until:
            raise RuntimeError("the controllers don't work")
        time.sleep(0.1)


def deployment(name: str, replicas: int) -> dict[str, Any]:
    """A Deployment with a container `app` as many have one: variables, a probe, resources, a volume."""
    container = {
        "name": "app",
        "image": image(0),
        "env": [{"name": f"SETTING_{number}", "value": "x" * 20} for number in range(10)],
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
        "volumeMounts": [{"name": "state", "mountPath": "/state"}],
    }
    labels = {"app": name}
    pod = {"containers": [container], "volumes": [{"name": "state", "emptyDir": {}}]}
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return {"metadata": {"name": name}, "spec": spec}


def create(api: Api, names: list[str], replicas: int, seconds: float = 600) -> None:
    """Create Deployments and wait until all are complete."""
    for name in names:
        api.post(PATH, deployment(name, replicas))
    until = time.monotonic() + seconds
    while not all(is_complete(each) for each in api.get(PATH)["items"]):
        if time.monotonic() > until:
            raise RuntimeError(f"not complete after {seconds:.0f} s")
        time.sleep(0.5)


def remove(api: Api, seconds: float = 300) -> None:
    """Delete all Deployments, and wait until their pods are gone."""
    api.delete(PATH)
    until = time.monotonic() + seconds
    while api.get(f"/api/v1/namespaces/{NAME}/pods?limit=1")["items"]:
        if time.monotonic() > until:
            raise RuntimeError(f"pods are still there after {seconds:.0f} s")
        time.sleep(0.5)

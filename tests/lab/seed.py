"""The environments' first state: namespaces, the databases' URLs, the manifests; and the way back to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import yaml

from tests.lab import doubles_program, origin, postgres, registry
from tests.lab.api import Api
from tests.lab.errors import LabError
from tests.lab.layout import CHECKOUT, CLUSTERS, ENVIRONMENTS, REAL, Cluster, Environment

_COLLECTIONS = (
    "/apis/apps/v1/{}/deployments",
    "/apis/apps/v1/{}/replicasets",
    "/apis/batch/v1/{}/jobs",
    "/apis/autoscaling/v2/{}/horizontalpodautoscalers",
    "/apis/coordination.k8s.io/v1/{}/leases",
)
_POLICIES = (
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
)


def seed() -> None:
    """Make the origin repository, then each environment's namespace, Secret and manifests."""
    origin.create()
    _on_each_cluster(_fill)


def reset() -> None:
    """Back to the state after `seed`: no image, no database content, no workload's past, no ledger, new doubles."""
    _on_each_cluster(_empty)
    if REAL:
        registry.empty()
        postgres.recreate()
    doubles_program.reset()
    seed()


def _on_each_cluster(do: Callable[[Cluster], None]) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(do, CLUSTERS))


def _empty(cluster: Cluster) -> None:
    """Delete what runs in the environments and what promokit wrote there; wait until the pods are gone."""
    api = Api(cluster)
    for path in _POLICIES:
        api.delete(path)
    spaces = [f"namespaces/{name}" for name in cluster.namespaces]
    for space in spaces:
        for path in _COLLECTIONS:
            api.delete(path.format(space))
        api.delete(f"/api/v1/{space}/pods", grace_seconds=1)
    for space in spaces:
        _wait_until_empty(api, f"/api/v1/{space}/pods")
        api.delete(f"/api/v1/{space}/events")
        for each in api.get(f"/api/v1/{space}/configmaps")["items"]:
            if each["metadata"]["name"] != "kube-root-ca.crt":
                api.delete(f"/api/v1/{space}/configmaps/{each['metadata']['name']}")


def _wait_until_empty(api: Api, path: str, seconds: float = 60) -> None:
    """Wait until a list is empty; what comes late into it (a controller was making it) is deleted too."""
    deadline = time.monotonic() + seconds
    while api.get(path)["items"]:
        if time.monotonic() > deadline:
            raise LabError(f"{path} isn't empty after {seconds:.0f} s.", "see the kubelet's and containerd's logs.")
        time.sleep(0.1)
        api.delete(path, grace_seconds=1)


def _fill(cluster: Cluster) -> None:
    api = Api(cluster)
    for environment in ENVIRONMENTS:
        if environment.cluster == cluster:
            for wanted in (*_given(environment), *_manifests(environment)):
                api.apply(wanted)


def _manifests(environment: Environment) -> Iterator[dict[str, Any]]:
    """The environment's folder as it is, in the order in which kubectl would apply it."""
    for file in sorted((CHECKOUT / f"k8s-manifests-{environment.name}").glob("*.yaml")):
        yield from (document for document in yaml.safe_load_all(file.read_text()) if document)


def _given(environment: Environment) -> tuple[dict[str, Any], ...]:
    """What isn't in git: the Secret with the database's URL, and the namespace that it needs."""
    secret = {"name": "app-secrets", "namespace": environment.namespace}
    return (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": environment.namespace}},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": secret,
            "stringData": {"DATABASE_URL": postgres.pod_url(environment)},
        },
    )

"""The environments' first state: namespaces, the databases' URLs, the manifests; and the way back to it."""

from __future__ import annotations

import base64
import json

from tests.lab import origin, postgres, registry
from tests.lab.commands import kubectl
from tests.lab.layout import CHECKOUT, CLUSTERS, ENVIRONMENTS, Cluster, Environment

_RESET_KINDS = "deployments,replicasets,jobs,pods,leases,events,horizontalpodautoscalers,controllerrevisions"


def seed() -> None:
    """Make the origin repository, then each environment's namespace, Secret and manifests."""
    origin.create()
    for environment in ENVIRONMENTS:
        _apply(environment)


def reset() -> None:
    """Back to the state after `seed`: no image, no database content, no workload's past, no ledger."""
    for cluster in CLUSTERS:
        _empty(cluster)
    registry.empty()
    postgres.recreate()
    seed()


def _empty(cluster: Cluster) -> None:
    """Delete what runs in the environments and what promokit wrote there; wait until the pods are gone."""
    for namespace in cluster.namespaces:
        where = ("--namespace", namespace, "--ignore-not-found")
        kubectl(
            cluster.kubeconfig,
            "delete",
            _RESET_KINDS,
            "--all",
            "--now",
            "--wait=true",
            "--timeout=60s",
            *where,
        )
        names = kubectl(cluster.kubeconfig, "get", "configmaps", "--output=name", "--namespace", namespace).split()
        ours = [name for name in names if name.startswith("configmap/promokit-")]
        if ours:
            kubectl(cluster.kubeconfig, "delete", *ours, *where)


def _apply(environment: Environment) -> None:
    kubeconfig, namespace = environment.cluster.kubeconfig, environment.namespace
    kubectl(kubeconfig, "apply", "--server-side", "--filename=-", stdin=json.dumps(_given(environment)))
    folder = CHECKOUT / f"k8s-manifests-{environment.name}"
    for file in sorted(folder.glob("*.yaml")):
        # A Job's template is promokit's to run, never the seed's.
        if "kind: Job\n" not in file.read_text():
            kubectl(kubeconfig, "apply", "--server-side", "--namespace", namespace, "--filename", str(file))


def _given(environment: Environment) -> dict[str, object]:
    """What isn't in git: the namespace, which the Secret needs, and the Secret itself."""
    url = base64.b64encode(postgres.pod_url(environment).encode()).decode()
    labels = {"app.kubernetes.io/part-of": "credreg"}
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": environment.namespace, "labels": labels},
    }
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "app-secrets", "namespace": environment.namespace},
        "data": {"DATABASE_URL": url},
    }
    return {"apiVersion": "v1", "kind": "List", "items": [namespace, secret]}

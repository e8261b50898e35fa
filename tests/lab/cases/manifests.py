"""The workloads that the cases change, small and alike: two replicas of the actor, with probes of one second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


def deployment(name: str = "web", pod: Mapping[str, Any] | None = None, **spec: Any) -> Json:
    """A Deployment of 2 that rolls one pod at a time without going below 2. `pod`: more of its pods' spec."""
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    given = {
        "replicas": 2,
        "revisionHistoryLimit": 2,
        "progressDeadlineSeconds": 600,
        "strategy": strategy,
        "selector": {"matchLabels": {"app": name}},
        "template": template(name, pod),
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": given | spec}


def stateful_set(name: str = "store", **spec: Any) -> Json:
    """A StatefulSet of 2, updated from the highest ordinal down."""
    given = {
        "replicas": 2,
        "serviceName": name,
        "revisionHistoryLimit": 2,
        "selector": {"matchLabels": {"app": name}},
        "template": template(name),
    }
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": given | spec}


def daemon_set(name: str = "agent", **spec: Any) -> Json:
    """A DaemonSet, on each node."""
    given = {
        "revisionHistoryLimit": 2,
        "selector": {"matchLabels": {"app": name}},
        "template": template(name),
    }
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name}, "spec": given | spec}


def job(image: str, name: str = "migrate", secret: str = "", **spec: Any) -> Json:
    """A migration's Job, which tries twice; it may need a Secret."""
    needs = {"envFrom": [{"secretRef": {"name": secret}}]} if secret else {}
    pod = {"restartPolicy": "Never", "containers": [{"name": "migrate", "image": image, **needs}]}
    given = {"backoffLimit": 1, "template": {"spec": pod}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": given | spec}


def template(name: str, pod: Mapping[str, Any] | None = None) -> Json:
    """A pod template of the healthy actor, with a folder that outlives its containers."""
    given = {
        "terminationGracePeriodSeconds": 2,
        "volumes": [{"name": "state", "emptyDir": {}}],
        **(pod or {}),
    }
    given.setdefault("containers", [container()])
    return {"metadata": {"labels": {"app": name}}, "spec": given}


def container(name: str = "app", image: str = "actor:good", **more: Any) -> Json:
    """A container of the actor, asked each second whether it is ready."""
    given = {
        "name": name,
        "image": image,
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1},
        "volumeMounts": [{"name": "state", "mountPath": "/state"}],
    }
    return given | more


def config_map(name: str, data: Mapping[str, str]) -> Json:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": dict(data)}


def secret(name: str, keys: Sequence[str]) -> Json:
    """A Secret with these keys, whose values say nothing."""
    data = dict.fromkeys(keys, "not-secret")
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def told_by(config: str, key: str) -> Json:
    """An `env` by which a ConfigMap's key tells the actor how to behave."""
    return {"name": "ACTOR_ARGS", "valueFrom": {"configMapKeyRef": {"name": config, "key": key}}}

"""Kubernetes objects as JSON, for the tests' API server, with a controller that rolls them out."""

from __future__ import annotations

import copy
import threading
from typing import Any

from attrs import frozen

from tests.cluster.api_server import ApiServer, Key
from tests.factories import image

Json = dict[str, Any]
CREDREG = "credreg-test"


def deployment_json(container: str = "main-app", runs: str = "", replicas: int = 1) -> Json:
    return {
        "metadata": {"annotations": {}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": container}},
            "template": {"spec": {"containers": [{"name": container, "image": runs or str(image("b"))}]}},
        },
    }


@frozen
class Controller:
    """Rolls each changed Deployment out at once: a new ReplicaSet, and pods that are Ready, or crash and
    crash again if `bad` is in their image."""

    api: ApiServer
    bad: str = "no image is bad"

    def __call__(self, key: Key) -> None:
        namespace, resource, name = key
        if resource != "deployments":
            return
        data = self.api.objects[key]
        if data.get("status", {}).get("observedGeneration") == data["metadata"]["generation"]:
            return
        if data.get("status", {}).get("template") != data["spec"]["template"]:
            self._roll(namespace, name, data)
        good = self.bad not in str(data["spec"]["template"])
        wanted = data["spec"]["replicas"]
        counts = dict.fromkeys(("replicas", "updatedReplicas"), wanted)
        ready = dict.fromkeys(("readyReplicas", "availableReplicas"), wanted if good else 0)
        observed = {
            "observedGeneration": data["metadata"]["generation"],
            "template": copy.deepcopy(data["spec"]["template"]),
        }
        self.api.write(key, {**self.api.objects[key], "status": {**counts, **ready, **observed}})

    def _roll(self, namespace: str, name: str, data: Json) -> None:
        annotations = data["metadata"].setdefault("annotations", {})
        revision = str(int(annotations.get("deployment.kubernetes.io/revision", "0")) + 1)
        annotations["deployment.kubernetes.io/revision"] = revision
        for pod in [
            key for key in self.api.objects if key[:2] == (namespace, "pods") and key[2].startswith(f"{name}-")
        ]:
            self.api.delete("pods", pod[2], namespace)
        owner = {"controller": True, "uid": data["metadata"]["uid"]}
        self.api.put(
            "replicasets",
            f"{name}-{revision}",
            {
                "metadata": {
                    "ownerReferences": [owner],
                    "annotations": dict(annotations),
                    "labels": data["spec"]["selector"]["matchLabels"],
                },
                "spec": {"replicas": data["spec"]["replicas"], "template": data["spec"]["template"]},
            },
            namespace,
        )
        for number in range(data["spec"]["replicas"]):
            part = data["spec"]["template"]["spec"]["containers"][0]
            body = self._pod(part["name"], part["image"], f"{name}-{revision}-uid")
            body["metadata"]["labels"] = data["spec"]["selector"]["matchLabels"]
            self.api.put("pods", f"{name}-{revision}-{number}", body, namespace)
            if self.bad in part["image"]:
                again = (namespace, "pods", f"{name}-{revision}-{number}")
                threading.Thread(target=self._crash_on, args=(again,), daemon=True).start()

    def _crash_on(self, key: Key) -> None:
        """Crash again and again, as long as the pod is there."""
        while not self.api.closed.wait(0.2):
            with self.api.changed:
                if key not in self.api.objects:
                    return
                body = copy.deepcopy(self.api.objects[key])
                body["status"]["containerStatuses"][0]["restartCount"] += 1
                self.api.write(key, body)

    def _pod(self, container: str, runs: str, owner: str) -> Json:
        good = self.bad not in runs
        crashed = {"terminated": {"exitCode": 3, "reason": "Error"}}
        state = {"running": {"startedAt": "2026-11-24T12:00:00Z"}} if good else crashed
        status = {
            "name": container,
            "image": runs,
            "imageID": f"{runs.partition(':')[0]}@{runs.partition('@')[2]}",
            "ready": good,
            "restartCount": 0,
            "state": state,
        }
        return {
            "metadata": {"ownerReferences": [{"controller": True, "uid": owner}]},
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True" if good else "False"}],
                "containerStatuses": [status],
            },
        }

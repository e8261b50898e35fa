"""Records what a namespace's API shows of a rollout, as JSON lines.

A line is `{"t": seconds since the change, "type": "ADDED|MODIFIED|DELETED", "object": {…}}`: first the list of what was
there (t < 0), then each event of the watches in the order in which it arrived. The last lines are the workloads as they
are at the end, whether they changed or not: so the recording says how long nothing happened.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, field

from tests.lab.api import Api
from tests.lab.layout import Cluster

KINDS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
    "Pod": "/api/v1/namespaces/{}/pods",
    "Event": "/api/v1/namespaces/{}/events",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SAYS_NOTHING = {
    "dnsPolicy": "ClusterFirst",
    "enableServiceLinks": True,
    "imagePullPolicy": "IfNotPresent",
    "preemptionPolicy": "PreemptLowerPriority",
    "priority": 0,
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "serviceAccount": "default",
    "serviceAccountName": "default",
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "resources": {},
}
"""Fields of a pod's spec at their defaults."""
_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


@define
class Recording:
    """A namespace that is being watched. Set `zero` to the time of the change (of `time.monotonic`)."""

    cluster: Cluster
    namespace: str
    zero: float = 0.0
    seen: list[tuple[float, str, dict[str, Any]]] = field(factory=list)
    """What was seen so far: the time, the kind of change, the object."""
    _lock: threading.Lock = field(factory=threading.Lock)
    _watches: list[tuple[Api, threading.Thread]] = field(factory=list)

    @contextlib.contextmanager
    def running(self) -> Iterator[Recording]:
        """List, and watch from there until the end of the block."""
        self._watches = [self._begin(kind) for kind in KINDS]
        for _, thread in self._watches:
            thread.start()
        try:
            yield self
        finally:
            for kind in WORKLOADS:
                self._list(Api(self.cluster), kind, "MODIFIED")
            ended = time.monotonic()
            for api, thread in self._watches:
                api.close()
                thread.join(timeout=10)
            self.seen = [each for each in self.seen if each[0] <= ended]

    def lines(self) -> Iterator[str]:
        """The recording's lines, once it has ended."""
        for at, kind, thing in self.seen:
            line = {"t": round(at - self.zero, 3), "type": kind, "object": shortened(thing)}
            yield json.dumps(line, separators=(",", ":"), ensure_ascii=False)

    def _begin(self, kind: str) -> tuple[Api, threading.Thread]:
        api = Api(self.cluster)
        version = self._list(api, kind, "ADDED")
        path = KINDS[kind].format(self.namespace)
        return api, threading.Thread(target=self._watch, args=(api, path, version), daemon=True)

    def _list(self, api: Api, kind: str, change: str) -> str:
        listed = api.get(KINDS[kind].format(self.namespace))
        for item in listed["items"]:
            self._saw(change, {**item, "kind": kind, "apiVersion": listed["apiVersion"]})
        version: str = listed["metadata"]["resourceVersion"]
        return version

    def _watch(self, api: Api, path: str, version: str) -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):  # closed meanwhile
            for event in api.watch(path, version):
                self._saw(event["type"], event["object"])

    def _saw(self, change: str, thing: dict[str, Any]) -> None:
        with self._lock:
            self.seen.append((time.monotonic(), change, thing))


_OF_TEMPLATES = {"ports", "readinessProbe", "livenessProbe", "volumeMounts", "volumes"}
"""Parts of a pod's or ReplicaSet's spec that say nothing of it: they are in the workload's template."""


def shortened(thing: Mapping[str, Any]) -> dict[str, Any]:
    """An object without managedFields, what kubectl applied last, values of env, and defaults that say nothing."""
    metadata = {key: value for key, value in thing["metadata"].items() if key != "managedFields"}
    if notes := metadata.get("annotations"):
        metadata["annotations"] = {key: value for key, value in notes.items() if key != _LAST_APPLIED}
    # The kind comes first, for whoever reads it.
    head = {"kind": thing["kind"], "apiVersion": thing["apiVersion"], "metadata": metadata}
    rest = {key: _short(value, key) for key, value in thing.items() if key not in head}
    return head | ({**rest, "spec": _pod(rest["spec"])} if thing["kind"] in {"Pod", "ReplicaSet"} else rest)


def _pod(spec: Any) -> Any:
    if isinstance(spec, dict):
        return {key: _pod(part) for key, part in spec.items() if key not in _OF_TEMPLATES}
    return [_pod(part) for part in spec] if isinstance(spec, list) else spec


def _short(value: Any, under: str) -> Any:
    if under in {"status", "selector"}:
        return value
    if under == "env":
        return [{key: part for key, part in each.items() if key != "value"} for each in value]
    if isinstance(value, dict):
        return {key: _short(part, key) for key, part in value.items() if not _says_nothing(key, part, under)}
    if isinstance(value, list):
        return [_short(part, under) for part in value if not _is_token(part)]
    return value


def _says_nothing(key: str, value: Any, under: str) -> bool:
    return (key in _SAYS_NOTHING and value == _SAYS_NOTHING[key]) or (key == "tolerations" and under == "spec")


def _is_token(part: Any) -> bool:
    """Whether this is the volume or mount of the service account's token, which each pod gets."""
    if not isinstance(part, dict):
        return False
    return part.get("mountPath") == _TOKEN or str(part.get("name", "")).startswith("kube-api-access-")

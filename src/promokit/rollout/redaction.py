"""What of an object goes into a recording: the fields that verdicts rest on, and no value of an environment variable.

A pod template is reduced to its containers' names and images and a fingerprint, so that two templates can still be
told apart. The fingerprint is made with a key that is thrown away: nobody can guess a secret from it. Messages are kept
but for what URLs in them ask for or log in with. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
FINGERPRINT = "promokit/template"

_META = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
)
_ANNOTATIONS = (
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.daemonset.template.generation",
    "kubernetes.io/change-cause",
    "promokit/epoch",
)
_OWNER = ("apiVersion", "kind", "name", "uid", "controller")
_SPEC: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("replicas", "paused", "progressDeadlineSeconds", "minReadySeconds", "strategy", "selector"),
    "StatefulSet": ("replicas", "minReadySeconds", "updateStrategy", "podManagementPolicy", "selector"),
    "DaemonSet": ("minReadySeconds", "updateStrategy", "selector"),
    "ReplicaSet": ("replicas", "minReadySeconds"),
    "Job": ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "suspend"),
    "Pod": ("nodeName", "restartPolicy"),
}
_POD_STATUS = ("phase", "reason", "message", "startTime", "conditions", "nominatedNodeName")
_CONTAINER_STATUS = (
    "name",
    "image",
    "imageID",
    "ready",
    "started",
    "restartCount",
    "state",
    "lastState",
)
_EVENT = (
    "involvedObject",
    "reason",
    "message",
    "type",
    "count",
    "series",
    "firstTimestamp",
    "lastTimestamp",
    "eventTime",
    "reportingComponent",
)

_QUERY = re.compile(r"(?<=://)([^\s?\"']*)\?[^\s\"']+")
_LOGIN = re.compile(r"//[^\s/\"'@]+@")


def redacted(data: Json, key: bytes) -> Json:
    """Return what a recording keeps of an object, as the API server sent it. `key` is that of this recording alone."""
    kind = str(data.get("kind", ""))
    kept: Json = {
        "kind": kind,
        "apiVersion": data.get("apiVersion", ""),
        "metadata": _metadata(data.get("metadata", {})),
    }
    if kind == "Event":
        return _without_queries(kept | _only(data, _EVENT))
    spec, status = data.get("spec", {}), data.get("status", {})
    kept["spec"] = _only(spec, _SPEC.get(kind, ()))
    if kind == "Pod":
        kept["spec"] |= _containers(spec)
        kept["status"] = _pod_status(status)
        return _without_queries(kept)
    kept["spec"]["template"] = _template(spec.get("template", {}), key)
    kept["status"] = {
        name: value for name, value in status.items() if name == "conditions" or isinstance(value, int | str)
    }
    return _without_queries(kept)


def _metadata(meta: Json) -> Json:
    kept = _only(meta, _META)
    if annotations := _only(meta.get("annotations") or {}, _ANNOTATIONS):
        kept["annotations"] = annotations
    if owners := [_only(each, _OWNER) for each in meta.get("ownerReferences") or ()]:
        kept["ownerReferences"] = owners
    return kept


def _template(template: Json, key: bytes) -> Json:
    whole = json.dumps(template, sort_keys=True).encode()
    fingerprint = hmac.new(key, whole, hashlib.sha256).hexdigest()[:24]
    return {"metadata": {"annotations": {FINGERPRINT: fingerprint}}, "spec": _containers(template.get("spec", {}))}


def _containers(spec: Json) -> Json:
    kept: Json = {"containers": [_only(each, ("name", "image")) for each in spec.get("containers") or ()]}
    if inits := spec.get("initContainers"):
        kept["initContainers"] = [_only(each, ("name", "image", "restartPolicy")) for each in inits]
    return kept


def _pod_status(status: Json) -> Json:
    kept = _only(status, _POD_STATUS)
    for name in ("initContainerStatuses", "containerStatuses"):
        if name in status:
            kept[name] = [_only(each, _CONTAINER_STATUS) for each in status[name] or ()]
    return kept


def _without_queries(kept: Json) -> Json:
    """Leave out of each message what a URL asks for or logs in with: the token of a probe, a registry's signature."""
    return {key: _told(each) if key == "message" else _deeper(each) for key, each in kept.items()}


def _deeper(value: Any) -> Any:
    if isinstance(value, list):
        return [_deeper(each) for each in value]
    return _without_queries(value) if isinstance(value, dict) else value


def _told(message: Any) -> Any:
    return _QUERY.sub(r"\1?…", _LOGIN.sub("//…@", message)) if isinstance(message, str) else message


def _only(data: Json, names: tuple[str, ...]) -> Json:
    return {name: data[name] for name in names if name in data}

"""From a line of a watch to JSON: of a pod, of which there are thousands, only what `parse_pod` reads.

A pod's JSON is some 5 kB: half is who manages which field, and most of the rest its template once more. What isn't
declared here is passed over while it is read, which takes a fifth of the time that decoding all of it does.
The names are those of Kubernetes (staging/src/k8s.io/api/core/v1/types.go). The values are as the server sent them.
"""

from __future__ import annotations

from typing import Any, TypedDict, cast

import msgspec

Json = dict[str, Any]


class _Container(TypedDict, total=False):
    name: Any
    restartPolicy: Any


class _Meta(TypedDict, total=False):
    name: Any
    uid: Any
    resourceVersion: Any
    creationTimestamp: Any
    deletionTimestamp: Any
    deletionGracePeriodSeconds: Any
    labels: Any
    annotations: Any
    ownerReferences: Any


class _Spec(TypedDict, total=False):
    nodeName: Any
    initContainers: list[_Container] | None


class _Pod(TypedDict, total=False):
    metadata: _Meta
    spec: _Spec
    status: Any


class _PodLine(TypedDict):
    type: str
    object: _Pod


_whole = msgspec.json.Decoder().decode
_pod = msgspec.json.Decoder(_PodLine).decode


def decode(line: bytes, kind: str = "") -> Json:
    """Read a line of a watch of this kind; without a kind, all of it. An error is read whole: it is no object."""
    found: Any = _pod(line) if kind == "Pod" else _whole(line)
    if found["type"] == "ERROR":
        found = _whole(line)
    return cast(Json, found)

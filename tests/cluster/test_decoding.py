"""What is decoded of a watch's lines is what the parser reads, whatever else there is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from promokit.cluster.decoding import decode
from promokit.cluster.objects import Pod
from promokit.cluster.parse import parse_object
from tests.timelines import FOLDER

RECORDINGS = sorted(FOLDER.glob("*.jsonl"))
MANAGED = [{"manager": "kubelet", "fieldsV1": {"f:spec": {"f:x": {}}, 'k:{"type":"Ready"}': {".": {}}}}]
FULL = {
    "metadata": {
        "name": "main-app-1",
        "uid": "u",
        "resourceVersion": "7",
        "creationTimestamp": "2026-11-20T10:00:00Z",
        "deletionTimestamp": "2026-11-20T10:01:00Z",
        "deletionGracePeriodSeconds": 7,
        "labels": {"controller-revision-hash": "main-app-5"},
        "ownerReferences": [{"uid": "o", "controller": True, "kind": "StatefulSet"}],
        "managedFields": MANAGED,
    },
    "spec": {
        "nodeName": "n",
        "containers": [{"name": "main-app", "env": [{"name": "A", "value": "1"}]}],
        "initContainers": [{"name": "proxy", "restartPolicy": "Always", "command": ["x"]}],
    },
    "status": {
        "phase": "Failed",
        "reason": "Evicted",
        "nominatedNodeName": "m",
        "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-20T10:00:30Z"}],
        "initContainerStatuses": [{"name": "proxy", "state": {"running": {"startedAt": "2026-11-20T10:00:01Z"}}}],
        "containerStatuses": [{"name": "main-app", "imageID": "d", "restartCount": 2, "lastState": {"terminated": {}}}],
    },
}


def as_line(data: Any, kind: str = "MODIFIED") -> bytes:
    return json.dumps({"type": kind, "object": data}).encode()


def read(line: bytes, kind: str) -> Any:
    """What is read of a pod's line that was decoded as one of this kind."""
    return parse_object({**decode(line, kind)["object"], "kind": "Pod"})


def recorded_pods(file: Path) -> Iterator[bytes]:
    for line in map(json.loads, file.read_text().splitlines()):
        if line["object"].get("kind") == "Pod" and line["type"] != "DELETED":
            yield as_line(line["object"])


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda it: it.stem)
def test_nothing_that_is_read_of_a_recorded_pod_is_passed_over(file: Path) -> None:
    """What is declared and what the parser asks for are the same."""
    for line in recorded_pods(file):
        assert read(line, "Pod") == read(line, "")


def test_nothing_that_is_read_of_a_pod_is_passed_over() -> None:
    """Also of one that has every field that promokit reads."""
    found = read(as_line(FULL), "Pod")
    assert found == read(as_line(FULL), "")
    has_default = [each.name for each in attrs.fields(Pod) if getattr(found, each.name) == each.default]
    assert has_default == []


def test_who_manages_a_field_is_passed_over() -> None:
    """It is half of the text, and nobody asks for it."""
    found = decode(as_line(FULL), "Pod")["object"]
    assert "managedFields" not in found["metadata"]
    assert "containers" not in found["spec"]
    assert decode(as_line(FULL))["object"] == FULL


def test_a_bookmark_and_an_error_are_read_too() -> None:
    """They come by the same stream as the pods."""
    end = {"metadata": {"resourceVersion": "9", "annotations": {"k8s.io/initial-events-end": "true"}}, "spec": {}}
    assert decode(as_line(end, "BOOKMARK"), "Pod")["object"] == end
    error = {"kind": "Status", "code": 410, "message": "too old", "details": {"retryAfterSeconds": 1}}
    assert decode(as_line(error, "ERROR"), "Pod")["object"] == error


def test_what_the_server_leaves_empty_is_no_error() -> None:
    """Lists and times are null where there is nothing."""
    empty = {"metadata": {"name": "a", "uid": "u", "creationTimestamp": None}, "spec": {"initContainers": None}}
    assert decode(as_line(empty), "Pod")["object"] == empty

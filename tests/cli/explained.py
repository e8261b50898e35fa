"""`promokit explain` as the tests run it, and the dumps that they give it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promokit.cli.app import main

Said = Callable[..., dict[str, Any]]


def code(*words: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(words)
    return int(caught.value.code or 0)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Said:
    """Run `explain -o json` and return what it says, with its exit code."""

    def explain(*words: str) -> dict[str, Any]:
        ended = code("explain", *words, "-o", "json")
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        return {**said, "exit": ended}

    return explain


def listed(*items: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "List", "apiVersion": "v1", "items": list(items)}


def dumped(tmp_path: Path, data: object) -> str:
    file = tmp_path / "dump.json"
    file.write_text(data if isinstance(data, str) else json.dumps(data))
    return str(file)


def standing(restarts: int = 0, ready: str = "True", since: str = "2026-11-24T12:00:05Z") -> dict[str, Any]:
    """A Deployment of one, its ReplicaSet and its pod, as kubectl dumps them."""
    meta = {"uid": "d", "name": "main-app", "generation": 1, "creationTimestamp": "2026-11-24T12:00:00Z"}
    counts = dict.fromkeys(("replicas", "updatedReplicas"), 1)
    ready_counts = dict.fromkeys(("readyReplicas", "availableReplicas"), int(ready == "True"))
    revision = {"deployment.kubernetes.io/revision": "1"}
    template = {"spec": {"containers": [{"name": "main-app", "image": "a"}]}}
    status = {"name": "main-app", "ready": ready == "True", "restartCount": restarts, "image": "a", "imageID": "a"}
    state = {"running": {"startedAt": since}}
    last = {"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": since}} if restarts else {}
    return listed(
        {
            "kind": "Deployment",
            "metadata": {**meta, "annotations": revision},
            "spec": {"replicas": 1, "template": template},
            "status": {"observedGeneration": 1, **counts, **ready_counts},
        },
        {
            "kind": "ReplicaSet",
            "metadata": {
                **meta,
                "uid": "r",
                "annotations": revision,
                "ownerReferences": [{"uid": "d", "controller": True}],
            },
            "spec": {"replicas": 1, "template": template},
        },
        {
            "kind": "Pod",
            "metadata": {**meta, "uid": "p", "ownerReferences": [{"uid": "r", "controller": True}]},
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": since}],
                "containerStatuses": [{**status, "state": state, "lastState": last}],
            },
        },
        {"kind": "Service", "metadata": {"name": "main-app"}},
    )

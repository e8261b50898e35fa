"""What is written of a rollout: enough to judge it, and nothing that must not be kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab import actors, record
from tests.lab.cases import CASES
from tests.lab.recorder import shortened
from tests.lab.state import Lab


def test_nothing_is_kept_that_must_not_be() -> None:
    """Values of env, managedFields and what kubectl applied last are left out; names and other annotations stay."""
    env: list[dict[str, Any]] = [
        {"name": "PASSWORD", "value": "s3cret"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "a"}}},
    ]
    notes = {"kubectl.kubernetes.io/last-applied-configuration": "s3cret", "deployment.kubernetes.io/revision": "2"}
    kept = shortened(_pod(env=env, annotations=notes, managedFields=["s3cret"]))
    assert "s3cret" not in json.dumps(kept)
    assert kept["metadata"] == {"name": "p", "annotations": {"deployment.kubernetes.io/revision": "2"}}
    container = kept["spec"]["containers"][0]
    assert container["env"] == [{"name": "PASSWORD"}, {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "a"}}}]


def test_the_status_is_kept_whole() -> None:
    """A status is written as it came, whatever its fields are called."""
    status = {"containerStatuses": [{"name": "app", "volumeMounts": [{"name": "kube-api-access-1"}], "resources": {}}]}
    assert shortened(_pod() | {"status": status})["status"] == status


def test_defaults_are_left_out_and_what_differs_stays() -> None:
    """A field at its default says nothing; at another value it stays."""
    spec = {"dnsPolicy": "ClusterFirst", "priority": 1000, "containers": []}
    assert shortened(_pod() | {"spec": spec})["spec"] == {"priority": 1000, "containers": []}


@pytest.mark.lab
def test_a_case_is_recorded_from_before_the_change_to_its_end(lab: Lab, tmp_path: Path) -> None:
    """A success on the lab: what was there, the change at 0, all complete on the last line."""
    file = record.record(CASES["success"], actors.publish(), tmp_path)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
    assert lines[0]["t"] < 0
    first = next(line for line in lines if line["t"] >= 0 and line["object"]["kind"] == "Deployment")
    assert first["object"]["metadata"]["generation"] == 2
    assert lines[-1]["object"]["kind"] == "Deployment"
    assert lines[-1]["object"]["status"]["updatedReplicas"] == 2
    assert lines[-1]["t"] >= CASES["success"].seconds


def _pod(env: list[dict[str, Any]] | None = None, **metadata: Any) -> dict[str, Any]:
    container = {"name": "app", "image": "i", "env": env or []}
    spec = {"containers": [container]}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p", **metadata}, "spec": spec}

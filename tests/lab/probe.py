"""A Deployment that only has to run, for tests of the lab and of what runs on it."""

from __future__ import annotations

from typing import Any

LABELS = {"app": "probe"}


def probe(namespace: str, image: str) -> dict[str, Any]:
    """A Deployment `probe` of two pods with this image, which end after a second."""
    pod = {"containers": [{"name": "probe", "image": image}], "terminationGracePeriodSeconds": 1}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "probe", "namespace": namespace},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": pod},
        },
    }

"""A kubeconfig for the tests' API server."""

from __future__ import annotations

from pathlib import Path

import yaml


def write_kubeconfig(folder: Path, url: str) -> Path:
    """Write a kubeconfig whose one context, `test`, is the present one; return its path."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": url}}],
        "users": [{"name": "test", "user": {"token": "good"}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file

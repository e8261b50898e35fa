from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from promokit.promotion.clients import Clients
from tests.cluster.api_server import ApiServer
from tests.cluster.served import api
from tests.promotion.registry_server import RegistryServer
from tests.promotion.scene import Scene

__all__ = ["api"]


@pytest.fixture
def scene(api: ApiServer, tmp_path: Path) -> Iterator[Scene]:
    """A cluster that rolls out what is asked for, a registry, and one environment that takes any of its tags."""
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": api.url}}],
        "users": [{"name": "test", "user": {"token": "good"}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    environ = {"KUBECONFIG": str(tmp_path / "kubeconfig"), "USER": "alice", "HOME": str(tmp_path)}
    with RegistryServer() as registry:
        yield Scene.made(api, registry, Clients(environ))

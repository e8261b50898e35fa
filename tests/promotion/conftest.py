from collections.abc import Iterator
from pathlib import Path

import pytest

from promokit.promotion.clients import Clients
from tests.cluster.api_server import ApiServer
from tests.cluster.kubeconfig import write_kubeconfig
from tests.cluster.served import api
from tests.promotion.registry_server import RegistryServer
from tests.promotion.scene import FIRST, SECOND, THIRD, Scene

__all__ = ["api"]


@pytest.fixture
def scene(api: ApiServer, tmp_path: Path) -> Iterator[Scene]:
    """A cluster that rolls out what is asked for, a registry, and one environment that takes any of its tags."""
    environ = {"KUBECONFIG": str(write_kubeconfig(tmp_path, api.url)), "USER": "alice", "HOME": str(tmp_path)}
    with RegistryServer() as registry:
        yield Scene.made(api, registry, Clients(environ))


@pytest.fixture
def moved(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The environment ran FIRST and SECOND by the ledger, and runs THIRD, which fails."""
    monkeypatch.setattr("promokit.ledger.contention._PAUSES", ())
    for tag in (FIRST, SECOND, THIRD):
        scene.applied(tag)
    return scene

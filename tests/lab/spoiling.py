"""What makes one gate of PROD refuse on the lab, undone afterwards: a hold, a freeze, a node, a change by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import yaml
from attrs import evolve

from promokit.config import load
from promokit.image import Digest
from promokit.model import Cluster
from promokit.model import Environment as Target
from promokit.promotion.adopting import adopt
from promokit.promotion.clients import Clients
from promokit.promotion.record import hold, release
from tests.lab.api import Api
from tests.lab.commands import kubectl
from tests.lab.layout import ADMIN_KUBECONFIG, CHECKOUT, LIVE
from tests.lab.scenario import Story, environment, running

_CONFIG = CHECKOUT / "promokit.yaml"
_NODE = "node-of-another-kind"
_MAY_LIST = "promokit-nodes"


@contextlib.contextmanager
def configured(story: Story, **gates: Any) -> Iterator[None]:
    """PROD has more gates by a promokit.yaml that is merged; afterwards the committed one is merged again."""
    data = yaml.safe_load(_CONFIG.read_text())
    data["environments"]["prod"]["gates"].update(gates)
    story.merge("Guard PROD more", {"promokit.yaml": yaml.safe_dump(data, sort_keys=False)})
    try:
        yield
    finally:
        story.merge("Guard PROD as before", {"promokit.yaml": _CONFIG.read_text()})


@contextlib.contextmanager
def held() -> Iterator[None]:
    """What SANDBOX runs is held in PROD."""
    digest = Digest(running("sandbox").spec["main-app"].partition("@")[2])
    there, clients = from_a_laptop("prod")
    hold(there, digest, reason="it lost money", clients=clients)
    try:
        yield
    finally:
        release(there, digest, reason="mended", clients=clients)


@contextlib.contextmanager
def changed_by_hand() -> Iterator[None]:
    """PROD's ledger says what it is set to, and then somebody sets another image."""
    there, clients = from_a_laptop("prod")
    adopt(there, reason="the first look", clients=clients)
    before = running("prod").spec["worker-app"]
    _set_image(before.partition("@")[0].rpartition(":")[0] + ":2026.01.01.0002")
    try:
        yield
    finally:
        _set_image(before)


@contextlib.contextmanager
def on_two_architectures() -> Iterator[None]:
    """The live cluster has a node that no image is for, on which nothing runs, and who promotes may list nodes."""
    group, cluster = "--group=promokit:read", ("clusterrole", "clusterrolebinding")
    kubectl(LIVE.kubeconfig, "create", cluster[0], _MAY_LIST, "--verb=list", "--resource=nodes")
    kubectl(LIVE.kubeconfig, "create", cluster[1], _MAY_LIST, f"--clusterrole={_MAY_LIST}", group)
    Api(LIVE).create(_node("s390x"))
    try:
        yield
    finally:
        Api(LIVE).delete(f"/api/v1/nodes/{_NODE}")
        for kind in cluster:
            kubectl(LIVE.kubeconfig, "delete", kind, _MAY_LIST)


def from_a_laptop(name: str) -> tuple[Target, Clients]:
    """Return an environment as somebody on call reaches it, by a kubeconfig."""
    there = evolve(load(_CONFIG)[name], cluster=Cluster(context=environment(name).cluster.name))
    return there, Clients({"KUBECONFIG": str(ADMIN_KUBECONFIG), "USER": "dora"})


def _set_image(image: str) -> None:
    where = environment("prod")
    kubectl(where.cluster.kubeconfig, "set", "image", "deployment/worker-app", f"worker={image}", "-n", where.namespace)


def _node(architecture: str) -> dict[str, Any]:
    info = {
        **dict.fromkeys(("machineID", "systemUUID", "bootID", "kernelVersion", "osImage"), ""),
        **dict.fromkeys(("containerRuntimeVersion", "kubeletVersion", "kubeProxyVersion"), ""),
        "operatingSystem": "linux",
        "architecture": architecture,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": _NODE},
        "spec": {"unschedulable": True},
        "status": {"nodeInfo": info},
    }

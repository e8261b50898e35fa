"""The bridges that the pods hang on. Each has one subnet and no route out: no filter, no forwarding."""

from __future__ import annotations

from pathlib import Path

from tests.lab.commands import run
from tests.lab.layout import CLUSTERS, Cluster


def make(cluster: Cluster) -> None:
    """Make a cluster's bridge with the node's address on it."""
    run("ip", "link", "add", cluster.bridge, "type", "bridge")
    run("ip", "address", "add", f"{cluster.node_address}/24", "dev", cluster.bridge)
    run("ip", "link", "set", cluster.bridge, "up")


def remove_all() -> None:
    """Remove the lab's bridges. The pods' ends go with their network namespaces."""
    for bridge in left():
        run("ip", "link", "delete", bridge)


def left() -> list[str]:
    """The lab's bridges that exist."""
    return [cluster.bridge for cluster in CLUSTERS if Path(f"/sys/class/net/{cluster.bridge}").exists()]

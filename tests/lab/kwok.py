"""Simulated nodes, where there's no root: kwok says Ready for them and for their pods, and runs nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.lab import certificates, processes, toolchain
from tests.lab.api import Api
from tests.lab.layout import BIN, SOURCES, Cluster

_STAGES = ("node/fast/node-initialize", "node/heartbeat-with-lease/node-heartbeat-with-lease")
_POD_STAGES = ("pod/fast/pod-ready", "pod/fast/pod-complete", "pod/fast/pod-delete")
_SIMULATED = {"kwok.x-k8s.io/node": "fake"}


def start(cluster: Cluster) -> None:
    """Start kwok for a cluster and register its one node; the API server must answer."""
    configs = [f"--config={_module() / 'kustomize/stage' / stage}.yaml" for stage in (*_STAGES, *_POD_STAGES)]
    processes.start(
        f"{cluster.name}-kubelet",
        [
            BIN / "kwok",
            f"--kubeconfig={certificates.kubeconfig(cluster, certificates.ADMIN)}",
            "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
            "--node-lease-duration-seconds=40",
            f"--cidr={cluster.subnet}",
            f"--node-ip={cluster.node_address}",
            f"--server-address=127.0.0.1:{cluster.port(250)}",
            *configs,
        ],
    )
    metadata = {"name": cluster.name, "annotations": _SIMULATED, "labels": {"kubernetes.io/arch": "amd64"}}
    Api(cluster).apply({"apiVersion": "v1", "kind": "Node", "metadata": metadata})


def _module() -> Path:
    """Where Go keeps kwok's module: it has the stages, which say how a simulated pod gets Ready."""
    argv = [str(toolchain.go()), "mod", "download", "-json", "sigs.k8s.io/kwok"]
    done = subprocess.run(argv, cwd=SOURCES / "kwok", capture_output=True, text=True, check=True)
    return Path(json.loads(done.stdout)["Dir"])

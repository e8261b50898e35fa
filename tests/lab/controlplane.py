"""A cluster's etcd, API server, controller-manager and scheduler."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.lab import certificates, processes
from tests.lab.api import Api
from tests.lab.layout import BIN, WEBHOOK, Cluster


def start_api(cluster: Cluster, *more: str) -> None:
    """Start etcd and the API server, with more flags of it; the certificates must be there."""
    cluster.data.mkdir(parents=True, exist_ok=True)
    _start_etcd(cluster)
    _start_apiserver(cluster, more)


def wait_for_api(cluster: Cluster) -> None:
    """Wait until the API server says it's ready."""
    processes.wait_until(
        f"{cluster.name}-apiserver",
        lambda: _is_ready(cluster),
        seconds=60,
        remedy=f"look whether another program uses port {cluster.port(6443)} or {cluster.port(2379)}.",
    )


def restart_apiserver(cluster: Cluster) -> None:
    """Kill the API server, start it again and wait until it's ready; etcd goes on."""
    processes.stop([processes.named(f"{cluster.name}-apiserver")])
    _start_apiserver(cluster, ())
    wait_for_api(cluster)


def start_controllers(cluster: Cluster, *more: str) -> None:
    """Start the controller-manager and the scheduler, with more flags of both; the API server must answer."""
    _start_controller_manager(cluster, more)
    _start_scheduler(cluster, more)


def start_ended_scheduler(cluster: Cluster) -> None:
    """Start the scheduler anew if it has ended, as a kubelet would.

    It ends itself where it has missed that a pod of a StatefulSet was made anew (pkg/scheduler/backend/cache:
    UpdatePod), which is what an API server that was killed may hide from it.
    """
    if not processes.named(f"{cluster.name}-scheduler").alive:
        _start_scheduler(cluster, ())


def _start_controller_manager(cluster: Cluster, more: Sequence[str]) -> None:
    own = certificates.kubeconfig(cluster, certificates.CONTROLLERS)
    processes.start(
        f"{cluster.name}-controllers",
        [
            BIN / "kube-controller-manager",
            *_client_flags(own),
            f"--secure-port={cluster.port(257)}",
            f"--root-ca-file={_pki(cluster, 'ca.crt')}",
            f"--service-account-private-key-file={_pki(cluster, 'sa.key')}",
            "--use-service-account-credentials=true",
            "--concurrent-deployment-syncs=10",
            *more,
        ],
    )


def _start_scheduler(cluster: Cluster, more: Sequence[str]) -> None:
    own = certificates.kubeconfig(cluster, certificates.SCHEDULER)
    processes.start(
        f"{cluster.name}-scheduler",
        [BIN / "kube-scheduler", *_client_flags(own), f"--secure-port={cluster.port(259)}", *more],
    )


def _is_ready(cluster: Cluster) -> bool:
    try:
        return Api(cluster).is_ready()
    except OSError:
        return False


def _start_etcd(cluster: Cluster) -> None:
    client, peer = (f"http://127.0.0.1:{cluster.port(port)}" for port in (2379, 2380))
    processes.start(
        f"{cluster.name}-etcd",
        [
            BIN / "etcd",
            f"--name={cluster.name}",
            f"--data-dir={cluster.data / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster={cluster.name}={peer}",
            "--unsafe-no-fsync=true",  # the lab's data dies with the lab
            "--logger=zap",
        ],
    )


def _start_apiserver(cluster: Cluster, more: Sequence[str]) -> None:
    processes.start(
        f"{cluster.name}-apiserver",
        [
            BIN / "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{cluster.port(2379)}",
            "--bind-address=127.0.0.1",
            f"--secure-port={cluster.port(6443)}",
            f"--advertise-address={cluster.node_address}",
            "--endpoint-reconciler-type=none",
            f"--service-cluster-ip-range={cluster.services}",
            f"--cert-dir={cluster.run / 'apiserver'}",
            f"--tls-cert-file={_pki(cluster, 'apiserver.crt')}",
            f"--tls-private-key-file={_pki(cluster, 'apiserver.key')}",
            f"--client-ca-file={_pki(cluster, 'ca.crt')}",
            f"--kubelet-client-certificate={_pki(cluster, 'kubelet-client.crt')}",
            f"--kubelet-client-key={_pki(cluster, 'kubelet-client.key')}",
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={_pki(cluster, 'sa.key')}",
            f"--service-account-signing-key-file={_pki(cluster, 'sa.key')}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--anonymous-auth=false",
            f"--authentication-token-webhook-config-file={_webhook(cluster)}",
            "--authentication-token-webhook-version=v1",
            "--authentication-token-webhook-cache-ttl=2s",
            *more,
        ],
    )


def _client_flags(kubeconfig: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
    ]


def _webhook(cluster: Cluster) -> Path:
    """Where the API server asks who bears a token: EKS's part, played by the AWS double."""
    path = cluster.run / "webhook.kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "aws", "cluster": {"server": f"{WEBHOOK}/{cluster.name}"}}],
        "users": [{"name": "apiserver", "user": {}}],
        "contexts": [{"name": "aws", "context": {"cluster": "aws", "user": "apiserver"}}],
        "current-context": "aws",
    }
    path.write_text(json.dumps(content))
    return path


def _pki(cluster: Cluster, name: str) -> Path:
    return cluster.run / "pki" / name

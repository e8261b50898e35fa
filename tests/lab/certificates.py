"""A cluster's certificates: one authority, a short-lived certificate for each program, new at each start."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from attrs import frozen

from tests.lab.commands import run
from tests.lab.layout import ADMIN_KUBECONFIG, Cluster

_CONFIG = "[req]\ndistinguished_name = dn\n[dn]\n"
_DAYS = "7"


@frozen
class Identity:
    """Who a client certificate says its bearer is: the user, and the group that RBAC knows."""

    name: str
    user: str
    group: str = ""


ADMIN = Identity("admin", "promokit-lab-admin", "system:masters")
CONTROLLERS = Identity("controller-manager", "system:kube-controller-manager")
SCHEDULER = Identity("scheduler", "system:kube-scheduler")
KUBELET_CLIENT = Identity("kubelet-client", "kube-apiserver", "system:masters")


def node(cluster: Cluster) -> Identity:
    """The kubelet's identity, which the Node authorizer expects in this form."""
    return Identity("node", f"system:node:{cluster.name}", "system:nodes")


def make(cluster: Cluster) -> None:
    """Make the authority, all certificates, the clients' kubeconfigs, and the key that signs tokens."""
    folder = cluster.run / "pki"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    (folder / "openssl.cnf").write_text(_CONFIG)
    _certificate(folder, "ca", f"/CN={cluster.name}", "basicConstraints=critical,CA:TRUE")
    names = "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc"
    _certificate(folder, "apiserver", "/CN=kube-apiserver", names, signed=True)
    for identity in (ADMIN, CONTROLLERS, SCHEDULER, KUBELET_CLIENT, node(cluster)):
        group = f"/O={identity.group}" if identity.group else ""
        _certificate(folder, identity.name, f"{group}/CN={identity.user}", signed=True)
        _write_kubeconfig(kubeconfig(cluster, identity), [cluster], identity)
    run(
        "openssl",
        "genpkey",
        "-algorithm",
        "RSA",
        "-pkeyopt",
        "rsa_keygen_bits:2048",
        "-out",
        folder / "sa.key",
    )


def kubeconfig(cluster: Cluster, identity: Identity) -> Path:
    """Where an identity's kubeconfig for a cluster is."""
    return cluster.run / f"{identity.name}.kubeconfig"


def write_admin_kubeconfig(clusters: tuple[Cluster, ...]) -> None:
    """The administrator's kubeconfig with one context a cluster, named like it."""
    _write_kubeconfig(ADMIN_KUBECONFIG, list(clusters), ADMIN)


def authority(cluster: Cluster) -> str:
    """The authority's certificate as base64 of PEM, as EKS's DescribeCluster gives it."""
    return _base64(cluster.run / "pki" / "ca.crt")


def _certificate(folder: Path, name: str, subject: str, *extensions: str, signed: bool = False) -> None:
    """A key and a certificate, with no extension but these, whatever the machine's openssl.cnf adds."""
    signer = ["-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key")] if signed else []
    added = [word for extension in extensions for word in ("-addext", extension)]
    run(
        *("openssl", "req", "-x509", "-config", folder / "openssl.cnf", "-newkey", "ec"),
        *(
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            _DAYS,
            "-subj",
            subject,
            *signer,
            *added,
        ),
        *("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"),
    )


def _write_kubeconfig(path: Path, clusters: list[Cluster], identity: Identity) -> None:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": it.name, "cluster": {"server": it.endpoint, "certificate-authority-data": authority(it)}}
            for it in clusters
        ],
        "users": [{"name": it.name, "user": _credentials(it, identity)} for it in clusters],
        "contexts": [{"name": it.name, "context": {"cluster": it.name, "user": it.name}} for it in clusters],
        "current-context": clusters[0].name,
    }
    path.write_text(json.dumps(content, indent=1))
    path.chmod(0o600)


def _credentials(cluster: Cluster, identity: Identity) -> dict[str, str]:
    stem = cluster.run / "pki" / identity.name
    return {
        "client-certificate-data": _base64(stem.with_suffix(".crt")),
        "client-key-data": _base64(stem.with_suffix(".key")),
    }


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()

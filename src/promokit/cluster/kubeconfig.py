"""A plain kubeconfig: one file; a server with its authority; a user with a client certificate, a token or neither.

All else (plugins, OIDC, proxies, files named in it) and every mistake is left to the kubernetes client. To import it
takes half a second of processor time, which whoever waits for a rollback is spared.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from promokit.cluster.pool import connections

if TYPE_CHECKING:
    import urllib3

_CLUSTER = frozenset({"server", "certificate-authority-data", "extensions"})
_OURS = ("client-certificate-data", "client-key-data")
_USER = frozenset({*_OURS, "token", "extensions"})


@frozen
class Access:
    """An API server's address, the connections to it, and what says the value of Authorization, if one is sent."""

    host: str
    pool: urllib3.PoolManager
    authorization: Callable[[], str | None]


def kubeconfig_of(environ: Mapping[str, str]) -> str:
    """Return where the kubeconfig is: one file, or several with colons between. An empty KUBECONFIG is none."""
    return environ.get("KUBECONFIG") or "~/.kube/config"


def plain_access(context: str | None, environ: Mapping[str, str]) -> Access | None:
    """Return what a context of the kubeconfig says, by default its present one. None where it isn't a plain one."""
    import yaml

    if any(name.lower().endswith("_proxy") for name in environ):
        return None
    path = Path(os.path.expanduser(kubeconfig_of(environ)))  # Path's own raises without a home
    if not path.is_file():  # a pipe can be read once
        return None
    try:
        cluster, user = _chosen(yaml.safe_load(path.read_text()), context)
        return _access(cluster, user) if cluster.keys() <= _CLUSTER and user.keys() <= _USER else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError):
        return None


def _chosen(config: Any, context: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    chosen = _named(config["contexts"], context or config["current-context"])["context"]
    user = _named(config["users"], chosen["user"])["user"] if chosen.get("user") else {}
    return _named(config["clusters"], chosen["cluster"])["cluster"], user or {}


def _named(entries: Any, name: str) -> Any:
    (found,) = (each for each in entries if each["name"] == name)
    return found


def _access(cluster: Mapping[str, str], user: Mapping[str, str]) -> Access:
    authority = cluster.get("certificate-authority-data")
    ours = [base64.b64decode(user[each]) for each in _OURS if not user.keys().isdisjoint(_OURS)]
    token = f"Bearer {user['token']}" if user.get("token") else None
    pool = connections(base64.b64decode(authority).decode() if authority else None, b"\n".join(ours))
    return Access(cluster["server"].rstrip("/"), pool, lambda: token)

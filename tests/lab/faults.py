"""What goes wrong between promokit and a cluster's API server while a rollout is followed, at short intervals anew."""

from __future__ import annotations

import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from tests.lab import certificates, controlplane
from tests.lab.layout import Cluster
from tests.lab.proxy import Asked, Proxy, Refusal

EXPIRED = {
    "kind": "Status",
    "apiVersion": "v1",
    "status": "Failure",
    "message": "too old resource version: 1 (2)",
    "reason": "Expired",
    "code": 410,
}
"""What an API server says where etcd was compacted (apimachinery, api/errors, NewResourceExpired)."""
GONE = Refusal(410, json.dumps(EXPIRED).encode(), {"Content-Type": "application/json"})
BUSY = Refusal(
    429,
    b"Too many requests, please try again later.\n",
    {"Content-Type": "text/plain; charset=utf-8", "Retry-After": "1"},
)
"""What an API server says that has too much to do (apiserver, pkg/server/filters, tooManyRequests)."""


class Fault(ABC):
    """One kind of trouble. It strikes `first` seconds after the change, and then every so many seconds."""

    name: str
    first: float = 0.0
    every: float = 2.0
    disturbs: bool = False
    """Whether it troubles all that use the cluster."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.kubeconfig = folder / "kubeconfig"

    @contextlib.contextmanager
    def ready(self) -> Iterator[Fault]:
        """Stand ready to strike until the end of the block. `kubeconfig` is promokit's way to the cluster."""
        self.kubeconfig.write_bytes(self.cluster.kubeconfig.read_bytes())
        yield self

    @property
    @abstractmethod
    def hits(self) -> int:
        """How often it has hit: a fault that never did proves nothing."""

    @abstractmethod
    def strike(self) -> None:
        """Let it happen, once more."""


class Killed(Fault):
    """The API server is killed and started again, once; from then on, a scheduler that ends is started anew."""

    name = "api-server-killed"
    first = 1.0
    disturbs = True
    _times = 0

    @property
    def hits(self) -> int:
        return self._times

    def strike(self) -> None:
        if self._times:
            controlplane.start_ended_scheduler(self.cluster)
        else:
            controlplane.restart_apiserver(self.cluster)
            self._times = 1


class _BeforeTheServer(Fault):
    """A fault that is made by a proxy."""

    @contextlib.contextmanager
    def ready(self) -> Iterator[Fault]:
        self.proxy = Proxy(self.cluster)
        with self.proxy.running():
            self._write_token(self.proxy.token)
            self._write_kubeconfig()
            yield self

    @property
    def hits(self) -> int:
        return self.proxy.hits

    def _write_token(self, token: str) -> None:
        self.kubeconfig.with_name("token").write_text(token)

    def _write_kubeconfig(self) -> None:
        where = {"server": self.proxy.url, "certificate-authority-data": certificates.authority(self.cluster)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "proxy", "cluster": where}],
            "users": [{"name": "us", "user": {"tokenFile": str(self.kubeconfig.with_name("token"))}}],
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "us"}}],
            "current-context": "proxy",
        }
        self.kubeconfig.write_text(json.dumps(content))


class WatchCut(_BeforeTheServer):
    """Each watch breaks off."""

    name = "watch-cut"

    def strike(self) -> None:
        self.proxy.end_watches()


class HistoryGone(_BeforeTheServer):
    """There is no going on from where a watch was: it is told in the watch, or to who resumes it, by turns."""

    name = "history-gone"
    _told = False

    def strike(self) -> None:
        self._told = not self._told
        if self._told:
            self.proxy.end_watches(json.dumps({"type": "ERROR", "object": EXPIRED}).encode() + b"\n")
        else:
            self.proxy.refuse_once(lambda asked: GONE if asked.resumes else None)
            self.proxy.end_watches()


class TooBusy(_BeforeTheServer):
    """Each watch breaks off, and the next request to each path is told to wait for a second."""

    name = "too-busy"
    every = 3.0

    def strike(self) -> None:
        self.proxy.refuse_once(_busy)
        self.proxy.end_watches()


def _busy(asked: Asked) -> Refusal:
    del asked
    return BUSY


class TokenExpired(_BeforeTheServer):
    """Each watch breaks off, and the token that opened it is worth nothing any more; there is another."""

    name = "token-expired"
    _tokens = 0

    def strike(self) -> None:
        self._tokens += 1
        token = f"token-{self._tokens}"
        self._write_token(token)
        self.proxy.token = token
        self.proxy.end_watches()


FAULTS: dict[str, type[Fault]] = {each.name: each for each in (Killed, WatchCut, HistoryGone, TooBusy, TokenExpired)}

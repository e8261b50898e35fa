"""A cluster for thousands of pods beside the lab: a real control plane with a simulated node, in a folder of its own.

It lives in a child process that ends it, program by program, once its standard input is closed: whatever becomes of
who started it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from tests.bench.api import Api
from tests.lab import build, certificates, controlplane, kwok, layout, processes

NAME = "bench"


@frozen
class _Beside(layout.Cluster):
    """A cluster whose ports are neither the lab's nor those that connections get by themselves (from 32,768 on)."""

    def port(self, wellknown: int) -> int:
        return 13_000 + wellknown


CLUSTER = _Beside(NAME, 3, (NAME,))
PORT = CLUSTER.port(6443)
_QUICK = ("--kube-api-qps=2000", "--kube-api-burst=4000")
_EACH_REQUEST = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}


@frozen
class Simulated:
    """A running cluster: its kubeconfig, kubectl, and the log of each request that its API server took."""

    folder: Path

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, its one context named like the cluster."""
        return self.folder / "admin.kubeconfig"

    def api(self) -> Api:
        """A connection of the harness's own."""
        return Api(self.kubeconfig, NAME)

    @property
    def kubectl(self) -> Path:
        """The kubectl of the cluster's version."""
        return self.folder / "bin" / "kubectl"

    @property
    def audit_log(self) -> Path:
        """JSON lines, one a request."""
        return self.folder / "audit.log"


@contextlib.contextmanager
def simulated_cluster() -> Iterator[Simulated]:
    """Start it; it is gone, with all its data, when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="promokit-bench-"))
    environ = {**os.environ, layout.OWN_FOLDER: str(folder)}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.simulated"],
        cwd=layout.CHECKOUT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for its parent, who then closes its input
        text=True,
    )
    assert child.stdin
    assert child.stdout
    try:
        if child.stdout.readline().strip() != "ready":
            raise RuntimeError(f"the simulated cluster doesn't start: see {folder}/log")
        yield Simulated(folder)
    finally:
        child.stdin.close()
        child.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Hold the cluster until standard input ends."""
    try:
        _start(CLUSTER, Simulated(layout.RUN))
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        processes.stop(processes.recorded())
    return 0


def _start(cluster: layout.Cluster, here: Simulated) -> None:
    layout.BIN.mkdir(parents=True)
    for name in ("programs" if build.cached("programs") else "control-plane", "kwok"):
        for program in build.build(name).iterdir():
            (layout.BIN / program.name).symlink_to(program)
    certificates.make(cluster)
    certificates.write_admin_kubeconfig((cluster,))
    policy = here.folder / "audit.json"
    policy.write_text(json.dumps(_EACH_REQUEST))
    controlplane.start_api(cluster, f"--audit-policy-file={policy}", f"--audit-log-path={here.audit_log}")
    controlplane.wait_for_api(cluster)
    controlplane.start_controllers(cluster, *_QUICK)
    kwok.start(cluster)


if __name__ == "__main__":
    sys.exit(main())

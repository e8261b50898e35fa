"""Promotions by promokit itself on the lab, each in a namespace of its own: what is there, who acts, what is true."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from promokit.cluster.connect import connect
from promokit.cluster.namespace import Namespace
from promokit.ledger.book import Book
from promokit.ledger.lines import Line
from promokit.ledger.record import entry
from promokit.ledger.store import append, read_book
from promokit.model import Cluster as ClusterSettings
from tests.doubles.control import control
from tests.doubles.history import History
from tests.lab import certificates, releases
from tests.lab.cases.manifests import container, deployment
from tests.lab.doubles.github import GitHubDouble
from tests.lab.layout import TEST, Cluster
from tests.lab.place import Place
from tests.lab.proxy import Gate, Proxy
from tests.lab.releases import REPOSITORY, Release

SOURCE = "crash-source"
WORKLOADS = {"main-app": "main-app", "worker-app": "worker"}
MAIN = "from promokit.cli import main; main()"


@frozen
class World:
    """What all stands share: three releases, oldest first, of which the source runs the newest; GitHub's double."""

    cluster: Cluster
    folder: Path
    releases: tuple[Release, ...]
    github: GitHubDouble
    origin: Path

    @contextlib.contextmanager
    def stand(self, name: str, *, runs: int = 0, **settings: Any) -> Iterator[Stand]:
        """A namespace whose two workloads run a release, after all those before it; removed afterwards."""
        folder = self.folder / name
        folder.mkdir()
        stand = Stand(self, Place(self.cluster, f"crash-{name}", {}), folder)
        try:
            stand.make(runs, **settings)
            yield stand
        finally:
            stand.place.remove()


@contextlib.contextmanager
def world(cluster: Cluster = TEST) -> Iterator[World]:
    """The releases, the source that runs the newest, and GitHub, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="promokit-stand-") as name:
        folder = Path(name)
        history = History.made_in(folder)
        published = releases.publish(history)
        source = Place(cluster, SOURCE, {})
        with GitHubDouble(origin=history.origin) as github:
            for number, each in enumerate(published, 1):
                run = {"id": number, "number": number, "workflow": "ci.yaml", "event": "push", "branch": "master"}
                control(github, "POST", "runs", {**run, "sha": each.revision, "conclusion": "success"})
            try:
                source.make()
                source.apply(_deployment("main-app", published[-1]))
                source.wait_until_complete("deployment", "main-app")
                yield World(cluster, folder, published, github, history.origin)
            finally:
                source.remove()


@define
class Stand:
    """One environment, `target`, promoted from `source`; promokit runs as a process of its own."""

    world: World
    place: Place
    folder: Path
    started: list[subprocess.Popen[str]] = field(factory=list)

    def make(self, runs: int, *, args: str = "-ready-after=50ms", job: str = "-exit-after=300ms", **gates: Any) -> None:
        """Make the namespace and its files. `args` and `job` say how the program and the migration behave."""
        self.place.make()
        for name in WORKLOADS:
            self.place.apply(_deployment(name, self.world.releases[runs], args))
        for name in WORKLOADS:
            self.place.wait_until_complete("deployment", name)
        for each in self.world.releases[: runs + 1]:
            self.write(succeeded(f"before-{each.image.tag}", str(each.image)))
        self._write_files(job, gates)

    def environ(self, kubeconfig: Path | None = None) -> dict[str, str]:
        """The variables of a process that promotes here."""
        there = kubeconfig or self._kubeconfig("direct", self.world.cluster.endpoint)
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        who = {"HOME": str(self.folder), "USER": "alice", "KUBECONFIG": str(there)}
        return {**kept, **who, **self.world.github.environ(), "PYTHONPATH": os.pathsep.join(sys.path)}

    @contextlib.contextmanager
    def proxied(self, gate: Gate) -> Iterator[dict[str, str]]:
        """Yield the variables of a process that reaches the cluster through a proxy with this gate."""
        proxy = Proxy(self.world.cluster, gate=gate)
        with proxy.running():
            yield self.environ(self._kubeconfig(f"proxy-{id(gate)}", proxy.url, proxy.token))

    def start(self, *words: str, environ: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start promokit with these words."""
        process = subprocess.Popen(
            [sys.executable, "-c", MAIN, *words],
            cwd=self.folder,
            env=environ or self.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def promote(self, **how: Any) -> subprocess.Popen[str]:
        """Start a promotion of what the source runs."""
        return self.start("promote", "target", "--yes", **how)

    def rollback(self, *words: str, **how: Any) -> subprocess.Popen[str]:
        """Start a rollback."""
        return self.start("rollback", "target", "--yes", *words, **how)

    def kubeconfig(self, name: str, token: str) -> Path:
        """The way to the cluster of whoever has this token."""
        return self._kubeconfig(name, self.world.cluster.endpoint, token)

    def set_images(self, number: int) -> None:
        """Somebody sets all workloads to a release, by hand."""
        for name, part in WORKLOADS.items():
            containers = [{"name": part, "image": str(self.world.releases[number].image)}]
            self.place.patch("deployment", name, {"spec": {"template": {"spec": {"containers": containers}}}})
        for name in WORKLOADS:
            self.place.wait_until_complete("deployment", name)

    def wait_until_old_pods_are_gone(self) -> None:
        """Wait until both workloads are rolled out, and only their new pods are there."""
        for name in WORKLOADS:
            self.place.wait_until_complete("deployment", name)
        self.place.wait("the old pods are gone", lambda: len(self._pods()) == len(WORKLOADS))

    def namespace(self) -> Namespace:
        """The namespace as promokit's own code reads it."""
        return Namespace(connect(ClusterSettings(), {"KUBECONFIG": self.environ()["KUBECONFIG"]}), self.place.namespace)

    def book(self) -> Book:
        """The ledger."""
        return read_book(self.namespace())

    def forget_holder(self) -> None:
        """Let the lease of a crashed holder run out now, as it does within a minute."""
        path = f"/apis/coordination.k8s.io/v1/namespaces/{self.place.namespace}/leases/promokit"
        self.place.api.patch(path, {"spec": {"holderIdentity": ""}})

    def holder(self) -> str:
        """Who holds the lease."""
        found = self.namespace().get("leases", "promokit") or {"spec": {}}
        return str(found["spec"].get("holderIdentity") or "")

    def images(self) -> dict[str, str]:
        """What each workload is set to."""
        found = {name: self.place.api.get(self.place.path("deployment", name)) for name in WORKLOADS}
        return {name: each["spec"]["template"]["spec"]["containers"][0]["image"] for name, each in found.items()}

    def templates(self) -> dict[str, int]:
        """How many pod templates each workload has had: one, and one more for each change of its image."""
        owned = self.place.api.get(f"/apis/apps/v1/namespaces/{self.place.namespace}/replicasets")["items"]
        owners = [each["metadata"]["ownerReferences"][0]["name"] for each in owned]
        return {name: owners.count(name) for name in WORKLOADS}

    def jobs(self) -> list[dict[str, Any]]:
        """The migration's Jobs."""
        found: list[dict[str, Any]] = self.place.api.get(self.place.path("job"))["items"]
        return found

    def running(self, number: int) -> dict[str, str]:
        """What `images` are when all workloads are set to a release."""
        return dict.fromkeys(WORKLOADS, str(self.world.releases[number].image))

    def write(self, lines: Iterable[Line]) -> None:
        """Write lines into the ledger."""
        entries = list(lines)
        append(self.namespace(), lambda book: entries)

    def _pods(self) -> list[str]:
        pods = self.place.api.get(f"/api/v1/namespaces/{self.place.namespace}/pods")["items"]
        owners = [each["metadata"]["ownerReferences"][0]["kind"] for each in pods]
        return [each for each in owners if each == "ReplicaSet"]

    def _write_files(self, job: str, gates: dict[str, Any]) -> None:
        both = [f"{name}/{part}" for name, part in WORKLOADS.items()]
        migrate = {"name": "migrate", "image": "to-be-set", "args": [*job.split(), "-exit-code=0"]}
        spec = {"restartPolicy": "Never", "containers": [migrate]}
        template = {"metadata": {"name": "db-migrate"}, "spec": {"backoffLimit": 0, "template": {"spec": spec}}}
        (self.folder / "db-migrate.yaml").write_text(json.dumps({"apiVersion": "batch/v1", "kind": "Job", **template}))
        where = {"cluster": {"context": "lab"}}
        target = {
            **where,
            "from": "source",
            "namespace": self.place.namespace,
            "workloads": both,
            "stable-for": "1s",
            "migration": {"job": "db-migrate.yaml", "when": "after"},
            "gates": {"ci": {"workflow": "ci.yaml", "wait": "5m"}, **gates},
        }
        source = {**where, "namespace": SOURCE, "workloads": both[:1]}
        alone = {key: value for key, value in target.items() if key not in {"from", "migration", "gates"}}
        image = {"repository": REPOSITORY, "branch": "master", "allow-mutable-tags": True}
        for name, environments in (("promokit", {"source": source, "target": target}), ("alone", {"target": alone})):
            content = {"image": image, "environments": environments}
            (self.folder / f"{name}.yaml").write_text(json.dumps(content))

    def _kubeconfig(self, name: str, url: str, token: str = "") -> Path:
        pki = self.world.cluster.run / "pki"
        admin = {"client-certificate": str(pki / "admin.crt"), "client-key": str(pki / "admin.key")}
        where = {"server": url, "certificate-authority-data": certificates.authority(self.world.cluster)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "lab", "cluster": where}],
            "users": [{"name": "us", "user": {"token": token} if token else admin}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "us"}}],
            "current-context": "lab",
        }
        path = self.folder / f"{name}.kubeconfig"
        path.write_text(json.dumps(content))
        return path


def succeeded(operation: str, image: str, **facts: Any) -> tuple[Line, Line]:
    """An operation that succeeded, as promokit writes it."""
    before, now = dict.fromkeys((f"{each}/{part}" for each, part in WORKLOADS.items()), image), datetime.now(UTC)
    begun = entry("opened", "promotion", operation, now, image=image, previous=before, actor="alice", **facts)
    return begun, entry("closed", "promotion", operation, now, outcome="succeeded", reason="complete")


def _deployment(name: str, release: Release, args: str = "-ready-after=50ms") -> dict[str, Any]:
    part = container(WORKLOADS[name], str(release.image), args=args.split())
    return deployment(name, {"containers": [part]}, replicas=1, revisionHistoryLimit=10)

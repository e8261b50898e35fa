"""A namespace before a rollback: two Deployments that ran an image and then another, and the command itself."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import frozen

from promokit.cluster.connect import connect
from promokit.cluster.namespace import Namespace
from promokit.ledger.record import entry
from promokit.ledger.store import append
from promokit.model import Cluster as ClusterSettings
from tests.lab import actors, certificates
from tests.lab.cases.manifests import deployment
from tests.lab.cases.steps import SetImage
from tests.lab.layout import TEST
from tests.lab.place import Place

WORKLOADS = ("web/app", "api/app")
_MAIN = "from promokit.cli import main; main()"
_NOW = datetime(2026, 11, 24, tzinfo=UTC)


@contextlib.contextmanager
def staged(folder: Path, name: str) -> Iterator[Stage]:
    """Make the namespace, whose two Deployments then run `better`; it is removed afterwards."""
    stage = Stage(Place(TEST, f"rollback-{name}", actors.publish()), folder / f"rollback-{name}")
    stage.folder.mkdir()
    try:
        stage.place.make()
        for each in ("web", "api"):
            stage.place.apply(deployment(each, revisionHistoryLimit=10))
        for each in ("web", "api"):
            stage.place.wait_until_complete("deployment", each)
        stage.bring("better")
        stage.has_come_to("better")
        yield stage
    finally:
        stage.place.remove()


@frozen
class Stage:
    """A namespace whose two Deployments ran `good`, then `better`; the ledger says so."""

    place: Place
    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        """A laptop's variables: the cluster's administrator, no GitHub, and no way to the registry."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        there = str(certificates.kubeconfig(TEST, certificates.ADMIN))
        who = {"HOME": str(self.folder), "USER": "alice", "KUBECONFIG": there, "AWS_EC2_METADATA_DISABLED": "true"}
        return {**kept, **who, "PYTHONPATH": os.pathsep.join(sys.path)}

    def namespace(self) -> Namespace:
        return Namespace(connect(ClusterSettings(), {"KUBECONFIG": self.environ["KUBECONFIG"]}), self.place.namespace)

    def record(self, *behaviours: str) -> None:
        """Write operations that succeeded, as promokit does."""
        lines: list[dict[str, Any]] = []
        for each in behaviours:
            image = self.place.images[each]
            facts = {"image": image, "previous": dict.fromkeys(WORKLOADS, image)}
            lines.append(entry("opened", "promotion", each, _NOW, **facts))
            lines.append(entry("closed", "promotion", each, _NOW, outcome="succeeded", reason="complete"))
        append(self.namespace(), lambda book: lines)

    def bring(self, behaviour: str, *names: str) -> None:
        """Somebody sets an image."""
        for name in names or ("web", "api"):
            SetImage(f"deployment/{name}/app", f"actor:{behaviour}").do(self.place)

    def images(self) -> set[str]:
        listed = self.place.api.get(self.place.path("deployment"))["items"]
        return {each["spec"]["template"]["spec"]["containers"][0]["image"] for each in listed}

    def command(self, *words: str, workloads: tuple[str, ...] = WORKLOADS) -> list[str]:
        where = {"namespace": self.place.namespace, "workloads": list(workloads), "stable-for": "1s", "timeout": "60s"}
        content = {"image": {"repository": "r.example/a", "branch": "master"}, "environments": {"prod": where}}
        (self.folder / "promokit.yaml").write_text(json.dumps(content))
        return [sys.executable, "-c", _MAIN, "rollback", "prod", *words]

    def rollback(self, *words: str, **how: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words, **how),
            check=False,
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def has_come_to(self, behaviour: str) -> bool:
        """Whether both run this image, Ready."""
        for name in ("web", "api"):
            self.place.wait_until_complete("deployment", name)
        return self.images() == {self.place.images[behaviour]}

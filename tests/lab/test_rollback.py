"""Rollbacks by the command itself on the real node: out of each trouble that a new image may bring."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from promokit.cluster.connect import connect
from promokit.cluster.namespace import Namespace
from promokit.ledger.book import Book
from promokit.ledger.record import entry
from promokit.ledger.store import append, read_book
from promokit.model import Cluster as ClusterSettings
from tests.lab import actors, certificates
from tests.lab.cases.manifests import container, deployment, stateful_set
from tests.lab.cases.steps import SetImage
from tests.lab.layout import TEST
from tests.lab.place import Place
from tests.lab.state import Lab

pytestmark = pytest.mark.lab
WORKLOADS = ("web/app", "api/app")
_MAIN = "from promokit.cli import main; main()"
_NOW = datetime(2026, 11, 24, tzinfo=UTC)


def _both(lines: tuple[dict[str, Any], ...], book: Book) -> tuple[dict[str, Any], ...]:
    del book
    return lines


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
        for each in behaviours:
            image = self.place.images[each]
            begun = entry("opened", "promotion", each, _NOW, image=image, previous=dict.fromkeys(WORKLOADS, image))
            ended = entry("closed", "promotion", each, _NOW, outcome="succeeded", reason="complete")
            append(self.namespace(), partial(_both, (begun, ended)))

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


@pytest.fixture
def stage(lab: Lab, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    del lab
    name = request.node.name.removeprefix("test_").replace("_", "-").replace("[", "-").strip("]-")[:40].strip("-")
    found = Stage(Place(TEST, f"rollback-{name}", actors.publish()), tmp_path)
    found.place.make()
    try:
        for each in ("web", "api"):
            found.place.apply(deployment(each, revisionHistoryLimit=10))
        for each in ("web", "api"):
            found.place.wait_until_complete("deployment", each)
        found.bring("better")
        found.has_come_to("better")
        yield found
    finally:
        found.place.remove()


@pytest.mark.parametrize("bad", ["crash", "never-ready", "gone", "slow"])
def test_out_of_what_is_under_way(stage: Stage, bad: str) -> None:
    """Crashing, never Ready, not to be pulled, or just slow: the rollout is still under way, and all go back."""
    stage.record("good", "better")
    stage.bring(bad)
    done = stage.rollback("--yes", "--reason", "it is bad")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "can't be asked" in done.stdout + done.stderr
    assert stage.has_come_to("better")
    assert list(read_book(stage.namespace()).holds) == [stage.place.images[bad].partition("@")[2]]
    assert "hold --release prod" in done.stdout


def test_half_a_promotion(stage: Stage) -> None:
    """The first workload isn't the changed one: nobody goes further back than the other."""
    stage.record("good", "better")
    stage.bring("crash", "api")
    assert stage.rollback("--yes").returncode == 0
    assert stage.has_come_to("better")


@pytest.mark.parametrize("ledger", ["none", "rubbish"])
def test_without_a_ledger(stage: Stage, ledger: str) -> None:
    """There is none, or nobody can read it: the revisions tell, as unproven, and what can't be written is told."""
    if ledger == "rubbish":
        data = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "promokit-ledger"}}
        stage.place.apply({**data, "data": {"lines": "rubbish"}})
    stage.bring("crash")
    done = stage.rollback("--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "unproven" in done.stdout + done.stderr
    assert ("THE LEDGER CAN'T BE WRITTEN" in done.stdout + done.stderr) == (ledger == "rubbish")
    assert stage.has_come_to("better")


def test_the_whole_template(stage: Stage) -> None:
    """What came with the bad image goes with it."""
    stage.record("good", "better")
    env = [{"name": "MODE", "value": "bad"}]
    for name in ("web", "api"):
        part = container(image="actor:crash", env=env)
        stage.place.patch("deployment", name, {"spec": {"template": {"spec": {"containers": [part]}}}})
    done = stage.rollback("--yes", "--whole")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "differs in: app: env" in done.stdout + done.stderr
    assert stage.has_come_to("better")
    assert len(stage.place.api.get(f"/apis/apps/v1/namespaces/{stage.place.namespace}/replicasets")["items"]) == 6


def test_a_stateful_set_without_a_ledger(stage: Stage) -> None:
    """By its ControllerRevisions, also whole."""
    stage.place.apply(stateful_set(podManagementPolicy="Parallel"))
    stage.place.wait_until_complete("statefulset", "store")
    SetImage("statefulset/store/app", "actor:another").do(stage.place)
    done = stage.rollback("--yes", "--whole", workloads=("statefulset/store/app",))
    assert done.returncode == 0, done.stdout + done.stderr
    stage.place.wait_until_complete("statefulset", "store")
    found = stage.place.api.get(stage.place.path("statefulset", "store"))
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == stage.place.images["good"]


def test_a_paused_deployment(stage: Stage) -> None:
    """It is refused with what to do, and nothing is changed."""
    stage.record("good", "better")
    stage.bring("crash")
    stage.place.patch("deployment", "api", {"spec": {"paused": True}})
    done = stage.rollback("--yes")
    assert (done.returncode, "kubectl rollout resume deployment/api" in done.stderr) == (3, True)
    assert stage.images() == {stage.place.images["crash"]}


def test_nobody_is_asked(stage: Stage) -> None:
    """Without a terminal and without --yes: exit 2, and nothing is changed."""
    stage.record("good", "better")
    stage.bring("crash")
    done = stage.rollback()
    assert (done.returncode, "--yes" in done.stderr) == (2, True)
    assert stage.images() == {stage.place.images["crash"]}


@pytest.mark.parametrize("answer", ["n", "y"])
def test_somebody_is_asked(stage: Stage, answer: str) -> None:
    """On a terminal from and to are shown first; a no changes nothing."""
    stage.record("good", "better")
    stage.bring("crash")
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        stage.command(),
        cwd=stage.folder,
        env=stage.environ,
        stdin=end,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    os.write(terminal, f"{answer}\n".encode())
    said = process.communicate(timeout=120)[0].decode()
    os.close(terminal)
    os.close(end)
    assert f"{stage.place.images['crash']} → {stage.place.images['better']}" in said
    assert process.returncode == (0 if answer == "y" else 2), said
    assert stage.images() == {stage.place.images["better" if answer == "y" else "crash"]}

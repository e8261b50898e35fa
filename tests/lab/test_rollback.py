"""Rollbacks by the command itself on the real node: out of each trouble that a new image may bring."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable
from functools import partial

import pytest

from promokit.ledger.store import read_book
from tests.lab.before_rollback import Stage, staged
from tests.lab.cases.manifests import container, daemon_set, stateful_set
from tests.lab.cases.steps import SetImage
from tests.lab.stand import World
from tests.lab.stories import Stories, Story

pytestmark = pytest.mark.lab


def out_of_what_is_under_way(stage: Stage, bad: str) -> None:
    """Crashing, never Ready, not to be pulled, or just slow: the rollout is still under way, and all go back."""
    stage.record("good", "better")
    stage.bring(bad)
    done = stage.rollback("--yes", "--reason", "it is bad")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "can't be asked" in done.stdout + done.stderr
    assert stage.has_come_to("better")
    assert list(read_book(stage.namespace()).holds) == [stage.place.images[bad].partition("@")[2]]
    assert "hold --release prod" in done.stdout


def half_a_promotion(stage: Stage) -> None:
    """The first workload isn't the changed one: nobody goes further back than the other."""
    stage.record("good", "better")
    stage.bring("crash", "api")
    assert stage.rollback("--yes").returncode == 0
    assert stage.has_come_to("better")


def without_a_ledger(stage: Stage, ledger: str) -> None:
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


def the_whole_template(stage: Stage) -> None:
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


def a_stateful_set_without_a_ledger(stage: Stage) -> None:
    """By its ControllerRevisions, also whole."""
    stage.place.apply(stateful_set(podManagementPolicy="Parallel"))
    stage.place.wait_until_complete("statefulset", "store")
    SetImage("statefulset/store/app", "actor:another").do(stage.place)
    done = stage.rollback("--yes", "--whole", workloads=("statefulset/store/app",))
    assert done.returncode == 0, done.stdout + done.stderr
    stage.place.wait_until_complete("statefulset", "store")
    found = stage.place.api.get(stage.place.path("statefulset", "store"))
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == stage.place.images["good"]


def a_daemon_set(stage: Stage) -> None:
    """By the ledger; and by its ControllerRevisions where the ledger is gone."""
    stage.place.apply(daemon_set())
    stage.place.wait_until_complete("daemonset", "agent")
    SetImage("daemonset/agent/app", "actor:another").do(stage.place)
    stage.place.wait_until_complete("daemonset", "agent")
    stage.record("good", "another")
    for behaviour in ("good", "another"):
        done = stage.rollback("--yes", workloads=("daemonset/agent/app",))
        assert done.returncode == 0, done.stdout + done.stderr
        assert ("unproven" in done.stdout + done.stderr) == (behaviour == "another")
        found = stage.place.api.get(stage.place.path("daemonset", "agent"))
        assert found["spec"]["template"]["spec"]["containers"][0]["image"] == stage.place.images[behaviour]
        stage.place.delete("configmap", "promokit-ledger")


def a_paused_deployment(stage: Stage) -> None:
    """It is refused with what to do, and nothing is changed."""
    stage.record("good", "better")
    stage.bring("crash")
    stage.place.patch("deployment", "api", {"spec": {"paused": True}})
    done = stage.rollback("--yes")
    assert (done.returncode, " rollout resume deployment/api" in done.stderr) == (3, True)
    assert stage.images() == {stage.place.images["crash"]}


def nobody_is_asked(stage: Stage) -> None:
    """Without a terminal and without --yes: exit 2, and nothing is changed."""
    stage.record("good", "better")
    stage.bring("crash")
    done = stage.rollback()
    assert (done.returncode, "--yes" in done.stderr) == (2, True)
    assert stage.images() == {stage.place.images["crash"]}


def somebody_is_asked(stage: Stage, answer: str) -> None:
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


STORIES: dict[str, Callable[[Stage], None]] = {
    **{each: partial(out_of_what_is_under_way, bad=each) for each in ("slow", "crash", "never-ready", "gone")},
    "half": half_a_promotion,
    "no-ledger": partial(without_a_ledger, ledger="none"),
    "rubbish": partial(without_a_ledger, ledger="rubbish"),
    "whole": the_whole_template,
    "stateful-set": a_stateful_set_without_a_ledger,
    "daemon-set": a_daemon_set,
    "paused": a_paused_deployment,
    "not-asked": nobody_is_asked,
    "no": partial(somebody_is_asked, answer="n"),
    "yes": partial(somebody_is_asked, answer="y"),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_rollback_goes_back_or_changes_nothing(name: str, stories: Stories, request: pytest.FixtureRequest) -> None:
    """In each of these situations, as its story says."""
    stories.hear(request)


def story_of(item: pytest.Item) -> Story:
    """The one of this name, on a stage of its own."""
    return partial(_told, name=item.callspec.params["name"])  # type: ignore[attr-defined]


def _told(there: World, name: str) -> None:
    with staged(there.folder, name) as stage:
        STORIES[name](stage)

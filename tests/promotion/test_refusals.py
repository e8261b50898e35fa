import copy
import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from promokit.cli.app import cli
from promokit.gates.judging import GATES
from promokit.ledger.record import entry
from promokit.ledger.store import append
from promokit.promotion.record import hold
from tests.factories import NOW
from tests.github.documents import comparison, review, run
from tests.promotion.github_side import OUR_RUN
from tests.promotion.journey import PROD, REVISION, RUNS, SANDBOX, Promotion, Serve
from tests.promotion.scene import FIRST, THIRD, Scene

Spoil = Callable[[Promotion], object]


def github(path: str, document: Any) -> Spoil:
    return lambda there: there.github.documents.update({path: [document]})


def on_arm(there: Promotion) -> None:
    info = {"operatingSystem": "linux", "architecture": "arm64"}
    there.scene.api.put("nodes", "node-1", {"status": {"nodeInfo": info}}, namespace="")


def fresh(there: Promotion) -> None:
    """SANDBOX's Deployments tell when their rollout was complete."""
    at = {"status": "True", "lastUpdateTime": "2026-11-24T12:00:00Z"}
    conditions = [{"type": "Progressing", "reason": "NewReplicaSetAvailable", **at}, {"type": "Available", **at}]
    for name in ("main-app", "worker-app"):
        data = copy.deepcopy(there.scene.api.get("deployments", name, SANDBOX))
        data["status"]["conditions"] = conditions
        there.scene.api.put("deployments", name, data, SANDBOX)


def recorded_otherwise(there: Promotion) -> None:
    images = {"main-app/main-app": str(there.scene.images[THIRD])}
    note = entry("noted", "adopt", "adopt-1", NOW, images=images)
    append(there.scene.api.namespace(PROD), lambda before: [note])


def held(there: Promotion) -> None:
    assert there.image.digest is not None
    hold(there.prod, there.image.digest, reason="it lost money", clients=there.clients)


FAILED = {"workflow_runs": [run(head_sha=REVISION, conclusion="failure")]}
REJECTED = [review(state="rejected")]
CASES: dict[str, tuple[Spoil, dict[str, str], str, str]] = {
    "healthy": (
        lambda there: there.run(SANDBOX, there.scene.images[FIRST], "worker-app"),
        {},
        "worker-app/worker runs sha256:",
        "deploy it there first",
    ),
    "differs": (
        lambda there: there.run(PROD, there.image),
        {},
        "prod runs this digest already",
        "nothing is to be done",
    ),
    "bake": (fresh, {"bake": "9999d"}, "of 9999d00h in sandbox", "wait until"),
    "ci": (github(RUNS, FAILED), {}, "ci.yaml ended with failure", "mend it"),
    "origin": (
        github(f"/compare/master...{REVISION}", comparison(status="diverged")),
        {},
        "is not on master",
        "merge it to master first",
    ),
    "platform": (on_arm, {}, "lacks linux/arm64", "build it for that platform too"),
    "drift": (recorded_otherwise, {}, "main-app/main-app is set to", "promokit adopt prod"),
    "hold": (held, {}, "it lost money", "promokit hold --release prod sha256:"),
    "freeze": (
        lambda there: None,
        {"freeze": "{dates: 2000-01-01 to 2999-12-31}"},
        "frozen until 3000-01-01",
        "promokit override prod freeze sha256:",
    ),
    "approvals": (github(f"/actions/runs/{OUR_RUN}/approvals", REJECTED), {}, "bob rejected it", "new promotion"),
}


@pytest.mark.parametrize("gate", [gate.NAME for gate in GATES])
def test_each_gate_refuses_once(
    scene: Scene, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: str
) -> None:
    """Exit 3; the job's summary names gate, fact and remedy, and every other gate's answer; nothing is changed."""
    spoil, gates, fact, remedy = CASES[gate]
    promotion = Promotion(scene, serve)
    spoil(promotion)
    for name, value in promotion.clients.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    before = promotion.state()
    words = ["plan", "prod", "--config", str(promotion.written(tmp_path, **gates))]
    done = CliRunner().invoke(cli, words, standalone_mode=False)
    assert done.return_value == 3
    assert promotion.state() == before
    assert {each.method for each in promotion.server.asked} == {"GET"}
    rows = [each.strip("| \n").split(" | ") for each in (tmp_path / "summary").read_text().splitlines() if "|" in each]
    answers = {row[0]: row for row in rows}
    assert [name for name, row in answers.items() if row[1:2] == ["refused"]] == [gate]
    assert fact in unescaped(answers[gate][2])
    assert remedy in unescaped(answers[gate][3])
    assert len(answers) == 2 + len(GATES) - len({"bake", "freeze"} - {gate})


def unescaped(text: str) -> str:
    return html.unescape(text).replace("\u2060", "")  # a word joiner keeps names from being links

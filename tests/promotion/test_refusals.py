import copy
import html
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from promokit.cli.app import cli, main
from promokit.config import load
from promokit.errors import Unreachable
from promokit.freeze_windows import FreezeWindow
from promokit.gates.judging import GATES
from promokit.ledger.record import entry
from promokit.ledger.store import append
from promokit.promotion.apply import apply
from promokit.promotion.planning import plan
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
    before = promotion.state()
    as_a_job(promotion, tmp_path, monkeypatch)
    words = ["plan", "prod", "--config", str(promotion.written(tmp_path, **gates))]
    done = CliRunner().invoke(cli, words, standalone_mode=False)
    assert done.return_value == 3
    assert promotion.state() == before
    assert {each.method for each in promotion.server.asked} == {"GET"}
    answers = rows(tmp_path / "summary")
    assert [name for name, row in answers.items() if row[0] == "refused"] == [gate]
    assert fact in answers[gate][1]
    assert remedy in answers[gate][2]
    assert len(answers) == len(GATES) - len({"bake", "freeze"} - {gate})


def test_a_refusal_when_applying_has_every_gate_in_the_summary_too(
    scene: Scene, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever looks at the job that was refused sees the table, as in the job that planned; the log has it as well."""
    promotion = Promotion(scene, serve)
    config = promotion.written(tmp_path)
    text = plan(load(config)["prod"], clients=promotion.clients).encode()
    held(promotion)
    before = promotion.state()
    as_a_job(promotion, tmp_path, monkeypatch)
    with pytest.raises(SystemExit) as caught:
        main(["rollout", "prod", "--plan", text, "--config", str(config)])
    assert caught.value.code == 3
    assert promotion.state() == before
    answers = rows(tmp_path / "summary")
    assert answers["hold"][0] == "refused"
    assert "it lost money" in answers["hold"][1]
    assert "promokit hold --release prod sha256:" in answers["hold"][2]
    assert len(answers) == len(GATES) - len({"bake", "freeze"})
    assert unescaped((tmp_path / "summary").read_text()).startswith("### refused\n\nhold: this digest was rolled back")
    log = capsys.readouterr().err
    assert "  hold\n    answer: refused\n    why: this digest was rolled back" in log
    assert "  approvals\n    answer: allowed" in log


def test_a_plan_that_does_not_hold_any_more_shows_the_difference(
    scene: Scene, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the summary: what, as it was planned, as it is now."""
    promotion = Promotion(scene, serve)
    config = promotion.written(tmp_path)
    text = plan(load(config)["prod"], clients=promotion.clients).encode()
    newer = scene.registry.add("2026.11.25.0009", REVISION)
    promotion.run(SANDBOX, newer)
    as_a_job(promotion, tmp_path, monkeypatch)
    with pytest.raises(SystemExit) as caught:
        main(["rollout", "prod", "--plan", text, "--config", str(config)])
    assert caught.value.code == 3
    assert rows(tmp_path / "summary") == {"image of sandbox": [str(promotion.image), str(newer)]}


def unproven(there: Promotion) -> None:
    """SANDBOX's reference is set to what its pods don't run."""
    data = copy.deepcopy(there.scene.api.get("deployments", "main-app", SANDBOX))
    data["status"]["updatedReplicas"] = 0
    there.scene.api.put("deployments", "main-app", data, SANDBOX)


def without_release_tag(there: Promotion) -> None:
    there.run(SANDBOX, there.scene.registry.add("edge", REVISION))


def away(there: Promotion) -> None:
    there.scene.api.fail(403, path=f"namespaces/{SANDBOX}/", times=99)


@pytest.mark.parametrize(
    ("spoil", "stopped", "untold", "code"),
    [
        (unproven, {"healthy": "refused"}, {"differs", "bake", "ci", "origin", "hold"}, 3),
        (away, {"healthy": "unknown"}, {"differs", "bake", "ci", "origin", "hold"}, 5),
        (without_release_tag, {"origin": "refused", "bake": "refused"}, {"ci"}, 3),
    ],
)
def test_every_gate_is_asked_though_no_image_is_proven(
    scene: Scene, serve: Serve, spoil: Spoil, stopped: dict[str, str], untold: set[str], code: int
) -> None:
    """Those that judge an image can't tell; that of freeze, drift and approvals is known as ever."""
    windows = (FreezeWindow(dates="2000-01-01 to 2000-01-02"),)
    promotion = Promotion(scene, serve, bake=timedelta(days=9999), freeze=windows)
    fresh(promotion)
    spoil(promotion)
    made = promotion.planned()
    words = {each.gate: each.word for each in made.answers}
    assert list(words) == [gate.NAME for gate in GATES]
    assert {name: word for name, word in words.items() if word != "allowed"} == {
        **dict.fromkeys(untold, "unknown"),
        **stopped,
    }
    assert (made.exit_code, made.image) == (code, None)
    assert all(each.remedy for each in made.answers if each.word != "allowed")


def test_a_source_that_cannot_be_asked_when_applying_is_unknown_not_refused(scene: Scene, serve: Serve) -> None:
    """Exit 5: that the image is another isn't known."""
    promotion = Promotion(scene, serve)
    made = plan(promotion.prod, clients=promotion.clients)
    away(promotion)
    with pytest.raises(Unreachable, match="healthy: "):
        apply(made, clients=promotion.clients, wait=0)


def as_a_job(promotion: Promotion, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in promotion.clients.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(folder / "output"))


def rows(summary: Path) -> dict[str, list[str]]:
    """The rows of the summary's table by their first cell, its head left out."""
    lines = [line.strip("| \n").split(" | ") for line in summary.read_text().splitlines() if line.startswith("| ")]
    cells = [[unescaped(cell) for cell in line] for line in lines]
    return {first: others for first, *others in cells[1:]}


def unescaped(text: str) -> str:
    return html.unescape(text).replace("\u2060", "")  # a word joiner keeps names from being links

"""`promokit explain`: recordings, and what stands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.explained import Said, code
from tests.cluster.api_server import ApiServer
from tests.cluster.kubeconfig import write_kubeconfig
from tests.factories import image
from tests.manifest_objects import Controller, deployment_json
from tests.timelines import FOLDER, lines


def recording(name: str) -> str:
    return str(FOLDER / f"{name}.jsonl")


def test_a_recording_says_when_its_verdict_fell_and_why(told: Said) -> None:
    """Outcome, reason, second, each workload's own, evidence, and the rule that fired; exit code as for a rollout."""
    said = told("--timeline", recording("crash-loop"), "--stable-for", "2s")
    assert (said["outcome"], said["reason"], said["exit"], said["changed"]) == ("failed", "crash-loop", 1, False)
    assert said["workloads"][0]["workload"] == "web/app"
    assert said["evidence"][0]["container"] == "app"
    assert said["rules"][0]["fired"] == said["t"]


@pytest.mark.parametrize("option", ["--timeline", "-f"])
def test_a_file_may_come_by_a_pipe(option: str) -> None:
    """As from kubectl."""
    text = Path(recording("crash-loop")).read_bytes()
    if option == "-f":
        last = {each.object["metadata"]["uid"]: each.object for each in lines("crash-loop") if each.type != "DELETED"}
        text = json.dumps({"kind": "List", "items": list(last.values())}).encode()
    run = [sys.executable, "-c", "from promokit.cli.app import main; main()", "explain", option, "-"]
    ended = subprocess.run(run, input=text, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout[:18]) == (1, b"failed: crash-loop")


def test_what_is_still_under_way_has_no_second(told: Said) -> None:
    """Progressing is exit 0, and no failure; the rule that nearly fired is told."""
    said = told("--timeline", recording("no-such-image"))
    assert (said["outcome"], said["t"], said["exit"]) == ("progressing", None, 0)
    assert [(each["reason"], each["fired"]) for each in said["rules"]] == [("image-not-found", None)]


def test_what_the_registry_would_have_said_can_be_told(told: Said) -> None:
    """The same recording fails at once where the registry hasn't got the image."""
    said = told("--timeline", recording("no-such-image"), "--image-exists", "no")
    assert (said["outcome"], said["reason"]) == ("failed", "image-not-found")


def with_policy(file: Path, name: str, policy: dict[str, Any]) -> str:
    """A recording that tells what it was judged by, in its first line."""
    first, *rest = Path(recording(name)).read_text().splitlines()
    file.write_text("\n".join([json.dumps({**json.loads(first), "policy": policy}), *rest]))
    return str(file)


def test_a_recording_is_judged_by_its_own_policy(tmp_path: Path, told: Said) -> None:
    """That of the rollout, not the default one; it is told which."""
    file = with_policy(tmp_path / "rec.jsonl", "crash-once", {"crashes": 1, "stable-for": 2})
    said = told("--timeline", file)
    assert (said["outcome"], said["reason"]) == ("failed", "crash-loop")
    assert (said["policy"]["source"], said["policy"]["crashes"], said["policy"]["timeout"]) == ("recorded", 1, 900)


def test_what_the_registry_said_then_is_asked_of_the_recording(tmp_path: Path, told: Said) -> None:
    """It failed for that; a recording that didn't say so would stay under way."""
    file = with_policy(tmp_path / "rec.jsonl", "no-such-image", {"image-exists": "no"})
    assert told("--timeline", file)["reason"] == "image-not-found"
    assert told("--timeline", file, "--image-exists", "unknown")["outcome"] == "progressing"


def test_an_option_goes_before_what_was_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the one line that tells the policy says which."""
    file = with_policy(tmp_path / "rec.jsonl", "crash-once", {"crashes": 1, "stable-for": 2})
    assert code("explain", "--timeline", file, "--crashes", "9") == 0
    assert capsys.readouterr().out.splitlines()[1] == (
        "Policy (recorded, overridden: crashes): "
        "stable-for 2.0s, timeout 15m00s, blind-for 1m00s, crashes 9, image-exists unknown"
    )


def test_a_recording_without_a_policy_is_judged_by_the_default_one(capsys: pytest.CaptureFixture[str]) -> None:
    """And it is told that this isn't what it was judged by."""
    code("explain", "--timeline", recording("success"))
    assert "Policy (default): stable-for 10s, timeout 15m00s" in capsys.readouterr().out


def test_a_job_is_judged_too(told: Said) -> None:
    """By its conditions, with the container that failed."""
    said = told("--timeline", recording("job-fails"))
    assert (said["outcome"], said["reason"]) == ("failed", "job-failed")
    assert any(each["exit_code"] for each in said["evidence"])


def test_a_bookmark_says_only_that_time_has_passed(tmp_path: Path, told: Said) -> None:
    """Whoever records a watch as it comes has some."""
    file = tmp_path / "rec.jsonl"
    mark = {"t": 20.0, "type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "9"}}}
    first = [each for each in Path(recording("unschedulable")).read_text().splitlines() if json.loads(each)["t"] < 19]
    file.write_text("\n".join([*first, json.dumps(mark)]))
    assert told("--timeline", str(file))["outcome"] == "progressing"
    file.write_text("\n".join([*first, json.dumps({**mark, "t": 20.5})]))
    assert told("--timeline", str(file))["reason"] == "unschedulable"


@pytest.mark.parametrize("t", [-0.5, 0.0, 0.001])
def test_a_job_that_had_ended_before_is_not_judged(tmp_path: Path, told: Said, t: float) -> None:
    """Wherever the recording begins: the Job of the last migration may still be there."""
    failed = json.loads(json.dumps(lines("job-fails")[-1].object))
    failed["metadata"] |= {"name": "migrate-before", "uid": "before"}
    file = tmp_path / "rec.jsonl"
    first = json.dumps({"t": t, "type": "ADDED", "object": failed})
    file.write_text(f"{first}\n{Path(recording('job-succeeds')).read_text()}")
    assert told("--timeline", str(file))["outcome"] == "succeeded"


@pytest.mark.parametrize(("name", "outcome"), [("success", "succeeded"), ("crash-loop", "failed")])
def test_a_recording_without_annotations_is_judged_alike(tmp_path: Path, told: Said, name: str, outcome: str) -> None:
    """The new ReplicaSet is then known by its images."""
    file = tmp_path / "rec.jsonl"
    bare = [json.loads(each) for each in Path(recording(name)).read_text().splitlines()]
    for each in bare:
        each["object"]["metadata"].pop("annotations", None)
    file.write_text("\n".join(map(json.dumps, bare)))
    assert told("--timeline", str(file), "--stable-for", "2s")["outcome"] == outcome


def test_the_text_puts_the_verdict_first(capsys: pytest.CaptureFixture[str]) -> None:
    """Then evidence, the rules as a table, and the remedy."""
    code("explain", "--timeline", recording("crash-loop"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("failed: crash-loop at 2.")
    assert lines[-1].startswith("Remedy: ")


def test_an_environment_is_explained_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: ApiServer, told: Said
) -> None:
    """From one list a kind, changing nothing."""
    (tmp_path / "promokit.yaml").write_text(
        "image: {repository: registry.example.com/app, branch: master}\n"
        "environments: {test: {namespace: credreg-test, workloads: main-app/main-app, cluster: {context: test}}}\n"
    )
    monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path, api.url)))
    monkeypatch.chdir(tmp_path)
    api.reactions.append(Controller(api))
    api.put("deployments", "main-app", deployment_json(runs=str(image("a"))))
    versions = {key: each["metadata"]["resourceVersion"] for key, each in api.objects.items()}
    said = told("test", "--stable-for", "0")
    assert (said["outcome"], said["workloads"][0]["workload"]) == ("succeeded", "main-app/main-app")
    assert {each.method for each in api.calls} == {"GET"}
    assert versions == {key: each["metadata"]["resourceVersion"] for key, each in api.objects.items()}

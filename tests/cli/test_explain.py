"""`promokit explain`: recordings, dumps, what stands; and every kind of bad input is one line and exit 2."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promokit.cli.app import main
from promokit.rollout import dump
from tests.cluster.api_server import ApiServer
from tests.cluster.kubeconfig import write_kubeconfig
from tests.factories import image
from tests.manifest_objects import Controller, deployment_json
from tests.timelines import FOLDER, lines

Said = Callable[..., dict[str, Any]]


def code(*words: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(words)
    return int(caught.value.code or 0)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Said:
    """Run `explain -o json` and return what it says, with its exit code."""

    def explain(*words: str) -> dict[str, Any]:
        ended = code("explain", *words, "-o", "json")
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        return {**said, "exit": ended}

    return explain


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


def listed(*items: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "List", "apiVersion": "v1", "items": list(items)}


def dumped(tmp_path: Path, data: object) -> str:
    file = tmp_path / "dump.json"
    file.write_text(data if isinstance(data, str) else json.dumps(data))
    return str(file)


def standing(restarts: int = 0, ready: str = "True", since: str = "2026-11-24T12:00:05Z") -> dict[str, Any]:
    """A Deployment of one, its ReplicaSet and its pod, as kubectl dumps them."""
    meta = {"uid": "d", "name": "main-app", "generation": 1, "creationTimestamp": "2026-11-24T12:00:00Z"}
    counts = dict.fromkeys(("replicas", "updatedReplicas"), 1)
    ready_counts = dict.fromkeys(("readyReplicas", "availableReplicas"), int(ready == "True"))
    revision = {"deployment.kubernetes.io/revision": "1"}
    template = {"spec": {"containers": [{"name": "main-app", "image": "a"}]}}
    status = {"name": "main-app", "ready": ready == "True", "restartCount": restarts, "image": "a", "imageID": "a"}
    state = {"running": {"startedAt": since}}
    last = {"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": since}} if restarts else {}
    return listed(
        {
            "kind": "Deployment",
            "metadata": {**meta, "annotations": revision},
            "spec": {"replicas": 1, "template": template},
            "status": {"observedGeneration": 1, **counts, **ready_counts},
        },
        {
            "kind": "ReplicaSet",
            "metadata": {
                **meta,
                "uid": "r",
                "annotations": revision,
                "ownerReferences": [{"uid": "d", "controller": True}],
            },
            "spec": {"replicas": 1, "template": template},
        },
        {
            "kind": "Pod",
            "metadata": {**meta, "uid": "p", "ownerReferences": [{"uid": "r", "controller": True}]},
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": since}],
                "containerStatuses": [{**status, "state": state, "lastState": last}],
            },
        },
        {"kind": "Service", "metadata": {"name": "main-app"}},
    )


def test_a_dump_is_not_judged_as_of_before_its_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The seconds since the change would be negative. Exit 2, with the newest time."""
    file = dumped(tmp_path, standing())
    assert code("explain", "-f", file, "--now", "2026-11-24T01:00:00Z") == 2
    assert "it tells of 2026-11-24T1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "now", "outcome", "reason"),
    [
        (standing(), "2026-11-24T12:01:00Z", "succeeded", "complete"),
        (standing(), "2026-11-24T12:00:06Z", "progressing", "stabilizing"),
        (standing(restarts=5), "2026-11-24T12:01:00Z", "succeeded", "complete"),
        (standing(restarts=5), "2026-11-24T12:00:06Z", "failed", "crash-loop"),
        (standing(restarts=5, ready="False"), "2026-11-24T13:00:00Z", "failed", "crash-loop"),
        (standing(ready="False"), "2026-11-24T12:00:30Z", "progressing", "waiting"),
        (standing(ready="False"), "2026-11-24T12:15:30Z", "failed", "no-progress"),
    ],
)
def test_a_dump_is_judged_as_of_a_moment(
    tmp_path: Path, told: Said, data: dict[str, Any], now: str, outcome: str, reason: str
) -> None:
    """By the objects' own times; what crashed before a pod was Ready for long is over."""
    said = told("-f", dumped(tmp_path, data), "--now", now)
    assert (said["outcome"], said["reason"]) == (outcome, reason)


def test_a_pod_that_was_replaced_long_after_the_change_has_its_time(tmp_path: Path, told: Said) -> None:
    """The deadline and the timeout of a change that was complete are over with it."""
    data = standing(ready="False", since="2026-11-25T12:00:00Z")
    done, pod = {"type": "Progressing", "status": "True", "lastUpdateTime": "2026-11-24T12:00:10Z"}, data["items"][2]
    data["items"][0]["status"]["conditions"] = [done]
    old = {**pod, "metadata": {**pod["metadata"], "uid": "old"}, "status": standing()["items"][2]["status"]}
    pod["metadata"]["creationTimestamp"] = "2026-11-25T11:59:58Z"
    for now, reason in (("12:00:05Z", "waiting"), ("12:10:05Z", "no-progress")):
        said = told("-f", dumped(tmp_path, listed(*data["items"], old)), "--now", f"2026-11-25T{now}")
        assert said["reason"] == reason


def test_a_dump_of_an_undo_under_way_has_not_timed_out(tmp_path: Path, told: Said) -> None:
    """The ReplicaSet that it goes back to may be months old; its pods are new."""
    data = standing(ready="False", since="2026-11-24T12:00:01Z")
    data["items"][1]["metadata"]["creationTimestamp"] = "2026-06-01T00:00:00Z"
    assert told("-f", dumped(tmp_path, data), "--now", "2026-11-24T12:00:30Z")["outcome"] == "progressing"


def test_a_dump_without_pods_proves_nothing(tmp_path: Path, told: Said) -> None:
    """Complete by its counts isn't healthy."""
    said = told("-f", dumped(tmp_path, listed(DEPLOYMENT)), "--now", "2026-11-24T13:00:00Z")
    assert (said["outcome"], said["reason"], said["exit"]) == ("inconclusive", "no-pods", 5)


def test_a_dump_without_a_moment_is_judged_as_of_its_newest_time(tmp_path: Path, told: Said) -> None:
    """So that an old dump says the same tomorrow."""
    assert told("-f", dumped(tmp_path, standing()))["outcome"] == "progressing"


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


DEPLOYMENT = standing()["items"][0]


def with_told_policy(policy: object) -> str:
    return json.dumps({"t": 1, "type": "ADDED", "object": DEPLOYMENT, "policy": policy})


BAD_LINES = {
    "no JSON": "{",
    "not UTF-8": "\udcff",
    "no object": "[]",
    "no t": json.dumps({"type": "ADDED", "object": DEPLOYMENT}),
    "t is text": json.dumps({"t": "1", "type": "ADDED", "object": DEPLOYMENT}),
    "t is true": json.dumps({"t": True, "type": "ADDED", "object": DEPLOYMENT}),
    "t is no number": '{"t": NaN, "type": "ADDED", "object": {}}',
    "t is longer than any time": f'{{"t": 1{"0" * 400}, "type": "ADDED", "object": {json.dumps(DEPLOYMENT)}}}',
    "a type that is a list": json.dumps({"t": 1, "type": [], "object": DEPLOYMENT}),
    "a type of its own": json.dumps({"t": 1, "type": "RENAMED", "object": DEPLOYMENT}),
    "a foreign kind": json.dumps({"t": 1, "type": "ADDED", "object": {"kind": "Gadget", "metadata": {"uid": "x"}}}),
    "no kind": json.dumps({"t": 1, "type": "ADDED", "object": {"metadata": {"uid": "x"}}}),
    "no metadata": json.dumps({"t": 1, "type": "ADDED", "object": {"kind": "Pod"}}),
    "metadata is text": json.dumps({"t": 1, "type": "ADDED", "object": {"kind": "Pod", "metadata": "x"}}),
    "no uid": json.dumps({"t": 1, "type": "MODIFIED", "object": {"kind": "Deployment", "metadata": {"name": "x"}}}),
    "no uid of what is gone": json.dumps({"t": 1, "type": "DELETED", "object": {"kind": "Pod", "metadata": {}}}),
    "replicas are text": json.dumps(
        {
            "t": 1,
            "type": "ADDED",
            "object": {**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "replicas": "two"}},
        }
    ),
    "more may be missing than there are numbers": json.dumps(
        {
            "t": 1,
            "type": "ADDED",
            "object": {
                **DEPLOYMENT,
                "spec": {**DEPLOYMENT["spec"], "strategy": {"rollingUpdate": {"maxUnavailable": float("inf")}}},
            },
        }
    ),
    "a policy that is text": with_told_policy("mild"),
    "an unknown field of a policy": with_told_policy({"patience": 1}),
    "crashes that are none": with_told_policy({"crashes": 0.5}),
    "a timeout that is none": with_told_policy({"timeout": float("nan")}),
    "an answer that is none": with_told_policy({"image-exists": ["no"]}),
    "deeply nested": "[" * 100_000,
}


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES)
def test_a_broken_line_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    """It names the line; nothing is judged, there is no traceback."""
    file = tmp_path / "rec.jsonl"
    good = json.dumps({"t": 0, "type": "ADDED", "object": DEPLOYMENT})
    file.write_bytes(f"{good}\n{line}\n".encode("utf-8", "surrogateescape"))
    assert code("explain", "--timeline", str(file)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert f"{file}:2" in said.err


POD = standing()["items"][2]
BAD_DUMPS: dict[str, object] = {
    "no JSON": "kind: List",
    "no object": [],
    "no kind": {"items": []},
    "items are no list": {"kind": "List", "items": 3},
    "an empty list": listed(),
    "no workload": listed(POD),
    "a foreign kind": listed(DEPLOYMENT, {"kind": "Gadget", "metadata": {"name": "x", "uid": "y"}}),
    "a kind that is a list": listed(DEPLOYMENT, {"kind": [], "metadata": {"name": "x", "uid": "y"}}),
    "an item that is none": listed(DEPLOYMENT, {}),
    "a missing field": listed({"kind": "Deployment", "metadata": {"name": "x"}, "spec": {}}),
    "a time without its zone": listed(
        DEPLOYMENT, {**POD, "metadata": {**POD["metadata"], "creationTimestamp": "2026-11-24T12:00:00"}}
    ),
    "deeply nested": "[" * 100_000,
}


@pytest.mark.parametrize("data", BAD_DUMPS.values(), ids=BAD_DUMPS)
def test_a_bad_dump_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], data: object) -> None:
    """With the command that makes a good one."""
    assert code("explain", "-f", dumped(tmp_path, data)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert "Remedy: " in said.err


def test_a_dump_that_is_too_large_is_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """200 MB of it would take a gigabyte: the limit is told."""
    file = tmp_path / "dump.json"
    with file.open("wb") as out:
        out.truncate(2 * dump.LARGEST)
    assert code("explain", "-f", str(file)) == 2
    assert "larger than" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["test", "-f", "x"],
        ["-f", "missing.json"],
        ["--timeline", "missing.jsonl"],
        ["--timeline", "."],
        ["--timeline", "x", "--now", "2026-11-24T12:00:00Z"],
        ["-f", "x", "--now", "noon"],
        ["--timeline", "x", "--crashes", "0"],
        ["--timeline", "x", "--crashes", "two"],
        ["--timeline", "x", "--crashes", "\u0663"],
        ["-f", "/dev/zero"],
        ["--timeline", "x", "--stable-for", "5"],
        ["--timeline", "x", "--image-exists", "perhaps"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """One line on stderr."""
    monkeypatch.chdir(tmp_path)
    assert code("explain", *words) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_an_empty_recording_says_that_nothing_can_be_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor is one of pods alone."""
    file = tmp_path / "rec.jsonl"
    file.write_text(json.dumps({"t": 0, "type": "ADDED", "object": POD}))
    assert code("explain", "--timeline", str(file)) == 2
    assert "nothing that can be judged" in capsys.readouterr().err

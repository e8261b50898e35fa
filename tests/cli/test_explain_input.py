"""`promokit explain` of bad input: every kind of it is one line and exit 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promokit.rollout import dump
from tests.cli.explained import code, dumped, listed, standing
from tests.timelines import lines

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


def test_two_workloads_of_one_name_are_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One of the two would go unjudged."""
    of_one = [dict(each.object) for each in lines("success") if each.t < 0]
    other = json.loads(json.dumps(of_one).replace("case-success", "another").replace('"uid": "', '"uid": "0'))
    file = tmp_path / "dump.json"
    file.write_text(json.dumps({"kind": "List", "items": [*of_one, *other]}))
    assert code("explain", "-f", str(file)) == 2
    assert "two of Deployment web" in capsys.readouterr().err
    file.write_text(json.dumps({"kind": "List", "items": [*of_one, *of_one]}))
    assert code("explain", "-f", str(file)) == 0

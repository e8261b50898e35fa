"""`promokit explain -f`: one moment, judged by the objects' own times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.explained import Said, code, dumped, listed, standing


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
    said = told("-f", dumped(tmp_path, listed(standing()["items"][0])), "--now", "2026-11-24T13:00:00Z")
    assert (said["outcome"], said["reason"], said["exit"]) == ("inconclusive", "no-pods", 5)


def test_a_dump_without_a_moment_is_judged_as_of_its_newest_time(tmp_path: Path, told: Said) -> None:
    """So that an old dump says the same tomorrow. It is told which that is."""
    said = told("-f", dumped(tmp_path, standing()))
    assert (said["outcome"], said["as_of"]) == ("progressing", "2026-11-24T12:00:05+00:00")


def test_the_text_says_as_of_when_a_dump_was_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the clock of the cluster, UTC."""
    code("explain", "-f", dumped(tmp_path, standing()), "--now", "2026-11-24T13:00:07+01:00")
    assert capsys.readouterr().out.splitlines()[2] == "As of 2026-11-24T12:00:07Z"

"""The lab ends what it started and nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import processes
from tests.lab.errors import LabError


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PIDS", tmp_path / "pids")
    monkeypatch.setattr(processes, "LOGS", tmp_path / "log")
    monkeypatch.setattr(processes, "RUN", tmp_path)


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that the lab didn't start."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_a_started_program_is_recorded_and_ends() -> None:
    """What was started is known to a later run of the lab, which can end it."""
    processes.start("sleeper", ["sleep", "60"])
    (found,) = processes.recorded()
    assert found.alive
    processes.stop([found])
    assert not found.alive
    assert processes.recorded() == []


def test_a_pid_that_another_program_got_is_left_alone(tmp_path: Path, bystander: subprocess.Popen[bytes]) -> None:
    """A record whose start time isn't the process's is of a program that has ended: nothing is signalled."""
    (tmp_path / "pids").mkdir()
    record = {"name": "old", "pid": bystander.pid, "started": "1", "stop_signal": 9}
    (tmp_path / "pids" / "old.json").write_text(json.dumps(record))
    processes.stop(processes.recorded())
    assert bystander.poll() is None
    assert processes.recorded() == []


def test_what_was_started_but_not_recorded_is_found_by_its_mark(
    tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    """A run killed between a start and its record leaves a program with the lab's mark; it ends, no other does."""
    started = processes.start("sleeper", ["sleep", "60"])
    (tmp_path / "pids" / "sleeper.json").unlink()
    processes.kill_marked()
    assert not started.alive
    assert bystander.poll() is None


def test_a_program_that_ends_before_it_is_ready_tells_its_last_words() -> None:
    """The error has the end of the failing program's log and the remedy."""
    processes.start("failing", ["sh", "-c", "echo the port is taken; exit 1"])
    with pytest.raises(LabError) as told:
        processes.wait_until("failing", lambda: False, seconds=30, remedy="free the port.")
    assert "the port is taken" in str(told.value)
    assert "Remedy: free the port." in str(told.value)


def test_the_programs_get_nothing_of_the_persons_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No token or proxy of whoever starts the lab reaches its programs."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "theirs")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert set(processes.clean_environ()) == {"PATH", "HOME", "LANG", processes.MARK}

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from promokit.cli.app import CLOSING_SECONDS, Stop
from promokit.cli.ending import Stopped, end_with_signal


def times(*seconds: float) -> Stop:
    ticking: Iterator[float] = iter(seconds)
    return Stop(lambda: next(ticking))


def test_the_first_signal_stops() -> None:
    """Which one it was is known: it is the exit code."""
    with pytest.raises(Stopped) as caught:
        times(0.0)(signal.SIGINT, None)
    assert (caught.value.number, caught.value.signal, caught.value.changed) == (signal.SIGINT, "SIGINT", False)


def test_signals_while_it_is_being_closed_change_nothing() -> None:
    """A person's second Ctrl-C must not lose the line in the ledger."""
    stop = times(0.0, 0.001, 2.0, CLOSING_SECONDS)
    with pytest.raises(Stopped):
        stop(signal.SIGINT, None)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
        stop(number, None)


def test_what_still_runs_after_that_is_stopped_again() -> None:
    """GitHub's SIGTERM comes 7.5 s after its SIGINT: the first may have been lost in a destructor."""
    stop = times(0.0, 7.5)
    for number in (signal.SIGINT, signal.SIGTERM):
        with pytest.raises(Stopped):
            stop(number, None)
    assert CLOSING_SECONDS < 7.5


def test_what_is_true_is_told_to_people_programs_and_the_runner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on stderr, JSON where it was asked for, the job's outputs, and its summary where something changed."""
    stopped = Stopped(signal.SIGINT)
    stopped.changed = True
    stopped.add_note("main-app/main-app is set to 2026.11.24.0002: 1 of 2 pods are new, 2 ready")
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    with pytest.raises(SystemExit) as caught:
        end_with_signal(stopped, ["promote", "-o", "json"], {"GITHUB_ACTIONS": "true", **files})
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert caught.value.code == told["exit_code"] == 130
    assert (told["outcome"], told["changed"]) == ("cancelled", True)
    assert err.strip() == f"promokit: stopped by SIGINT; {stopped.__notes__[0]}"
    assert "true" in Path(files["GITHUB_OUTPUT"]).read_text()
    assert "1 of 2 pods are new" in Path(files["GITHUB_STEP_SUMMARY"]).read_text()


SIGNALLED_WHILE_LOADING = """
import os, signal, sys
from promokit.cli import main

class Finder:
    def find_spec(self, name, path, target=None):
        if name == "click":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
main(["--help"])
"""


def test_a_signal_while_the_program_is_loaded_ends_it_without_a_traceback() -> None:
    """Nothing has begun; the exit code is a signal's."""
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED_WHILE_LOADING], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")

import os
import re
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.screen import Screen
from tests.cli.test_github_view import unfolded
from tests.cluster.api_server import ApiServer
from tests.cluster.kubeconfig import write_kubeconfig
from tests.factories import image
from tests.manifest_objects import Controller, deployment_json

GOOD, BAD = str(image("a")), str(image("c"))
pytestmark = pytest.mark.program
WORDS = [
    *(sys.executable, "-c", "from promokit.cli import main; main()", "rollout", "--yes", "--cluster", "context:test"),
    *("--namespace", "credreg-test", "--workloads", "main-app/main-app"),
]


@pytest.fixture
def environ(api: ApiServer, tmp_path: Path) -> dict[str, str]:
    """What the program needs to roll out on the tests' own API server, and nothing of a runner's."""
    write_kubeconfig(tmp_path, api.url)
    api.reactions.append(Controller(api, bad=BAD))
    api.put("deployments", "main-app", deployment_json("main-app", replicas=2))
    for number in range(2):
        api.logs[f"main-app-2-{number}/main-app"] = "::error::owned\n```\npanic: no database\n"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "USER": "alice",
        "TERM": "xterm",
        "PYTHONUTF8": "1",
        "KUBECONFIG": str(tmp_path / "kubeconfig"),
    }


class OnTerminal:
    """The program on a pseudo-terminal that is its controlling one, so that ^C reaches it as in a shell."""

    def __init__(self, words: list[str], environ: Mapping[str, str]) -> None:
        self._ours, self._theirs = os.openpty()
        self.before = termios.tcgetattr(self._theirs)
        self._written, self._more = b"", threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKES_TERMINAL, *WORDS, *words],
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            env=dict(environ),
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def press(self, key: bytes) -> None:
        os.write(self._ours, key)

    def wait_for(self, text: str) -> str:
        """Return what was written, once it holds a text."""
        with self._more:
            assert self._more.wait_for(lambda: text.encode() in self._written, 60), self._written.decode()
            return self._written.decode()

    def ended(self, last: str) -> list[str]:
        """Return what the terminal shows once the program has ended, its modes as they were."""
        self.process.wait(60)
        shown = Screen(80, 24).feed(self.wait_for(last).replace("^C", "")).shown
        assert termios.tcgetattr(self._theirs) == self.before
        os.close(self._theirs)
        return shown

    def _read(self) -> None:
        with suppress(OSError):
            while chunk := os.read(self._ours, 65536):
                with self._more:
                    self._written += chunk
                    self._more.notify_all()
        os.close(self._ours)


_TAKES_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_on_a_terminal_the_picture_stays_and_the_verdict_follows(environ: dict[str, str]) -> None:
    """One line for the workload, however often it was drawn; then the result."""
    terminal = OnTerminal(["--image", GOOD, "--stable-for", "1s"], environ)
    shown = terminal.ended("changed  yes")
    assert terminal.process.returncode == 0
    assert re.match(r"✓ main-app/main-app  █{12}    2/2 .* succeeded: complete$", shown[0])
    assert shown[1] == "rollout of credreg-test: succeeded (complete)"
    assert len([each for each in shown if "main-app/main-app" in each]) == 1


def test_on_a_terminal_a_failure_tells_its_cause_below_the_verdict(environ: dict[str, str]) -> None:
    """The container's words are there, and command nothing."""
    terminal = OnTerminal(["--image", BAD], environ)
    shown = terminal.ended("changed  yes")
    assert terminal.process.returncode == 1
    assert shown[0].startswith("✗ main-app/main-app")
    assert shown[1] == "rollout of credreg-test: failed (crash-loop)"
    assert "(exit 3" in shown[2]
    assert "  | panic: no database" in shown


def test_ctrl_c_leaves_the_terminal_as_it_was(environ: dict[str, str]) -> None:
    """The picture stands, the line that says who stopped it is below, the exit code is the shell's for it."""
    terminal = OnTerminal(["--image", GOOD, "--stable-for", "10m"], environ)
    terminal.wait_for("stabilizing")
    terminal.press(b"\x03")
    shown = terminal.ended("stopped by SIGINT")
    assert terminal.process.returncode == 130
    assert shown[0].strip().startswith("main-app/main-app")
    told = "main-app/main-app is set to 2026.11.24.0001: 2 of 2 pods are new, 2 ready"
    assert "".join(shown[1:]) == f"promokit: stopped by SIGINT; {told}"


def test_in_a_github_job_the_log_folds_steps_alone(environ: dict[str, str], tmp_path: Path) -> None:
    """The cause is one annotation, the verdict is in the open, and the summary ends with table and log."""
    runner = {"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_REPOSITORY": "acme/app"}
    files = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "GITHUB_OUTPUT": str(tmp_path / "output")}
    done = subprocess.run(
        [*WORDS, "--image", BAD], env={**environ, **runner, **files}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
    lines = unfolded(done.stdout)
    assert lines[0].startswith("::error title=main-app/main-app%3A crash-loop::main-app/main-app: failed: crash-loop")
    assert "main-app-2-" in lines[0]
    assert "exit 3" in lines[0]
    assert lines[1] == "rollout of credreg-test: failed (crash-loop)"
    assert lines[-1] == "::error::rollout of credreg-test: failed (crash-loop)"
    assert [each for each in lines if each.startswith("::")] == [lines[0], lines[-1]]
    summary = (tmp_path / "summary").read_text()
    assert summary.rstrip().endswith("````text\n:\N{WORD JOINER}:error::owned\n```\npanic: no database\n````")
    assert "| workload | outcome | reason | updated | took |" in summary


def test_elsewhere_a_log_has_plain_lines(environ: dict[str, str]) -> None:
    """No escape sequence, and only the result on stdout."""
    done = subprocess.run(
        [*WORDS, "--image", GOOD, "--stable-for", "1s"], env=environ, capture_output=True, text=True, check=True
    )
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stdout.startswith("rollout of credreg-test: succeeded (complete)")
    assert done.stderr.splitlines()[-1].endswith("succeeded: complete")

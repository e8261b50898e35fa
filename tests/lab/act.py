"""Runs a workflow, as it is committed, with act on the lab: no network, nothing of the user's.

What act (0.2.89, host mode) does otherwise than GitHub, found by trying:

- It knows neither environments, approvals, concurrency, permissions nor OIDC. Every run has number 1, id 1
  and attempt 1 unless `--env GITHUB_RUN_NUMBER=…` says otherwise, which moves the `github.*` context too.
  GITHUB_SHA can't be moved: it is the HEAD of the clone. There is no triggering actor unless one is given.
- actions/checkout is act's own: it copies the clone to the job's folder. A job without it has an empty
  folder.
- A called workflow's `github.workflow` is its own name; on GitHub it's the caller's.
- GITHUB_STEP_SUMMARY goes with the job, but the JSON log has what each step wrote to it. A composite
  action's comes twice, for its inner step and for the step itself; so do its outputs.
- SIGINT to act kills the running step at once (GitHub: SIGINT, after 7.5 s SIGTERM, after 2.5 s SIGKILL),
  runs what has `always()` or `cancelled()` in that job, calls the job failed, and runs no step of the jobs
  that need it. `Running.interrupt` does to the step what GitHub's runner does, and then the later jobs run.
- Steps inherit the environment that act was started with.
- A job that is skipped leaves no trace in the log, and its outputs are their expressions' text (GitHub: empty).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.lab.act_command import Dispatch, Lab, command, environ
from tests.lab.act_log import ActRun, Job, Log, Progress

__all__ = ["ActRun", "Dispatch", "Job", "Lab", "Running", "run", "started"]


def run(dispatch: Dispatch, lab: Lab, progress: Progress | None = None) -> ActRun:
    """Runs a workflow to its end. That it failed is a result; a foreign action without a stand-in raises."""
    with started(dispatch, lab, progress) as running:
        return running.wait()


@contextlib.contextmanager
def started(dispatch: Dispatch, lab: Lab, progress: Progress | None = None) -> Iterator[Running]:
    """A run under way, told to the GitHub double; ended and cleared away however the block ends."""
    with tempfile.TemporaryDirectory(prefix="promokit-act-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        sha = _clone(lab.origin, home / "clone", dispatch)
        _tell_github(lab, dispatch, sha, status="in_progress")
        process = subprocess.Popen(
            command(home, dispatch, lab),
            cwd=home / "clone",
            env=environ(home, lab),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is for us to pass on
        )
        try:
            yield Running(process, progress)
        finally:
            _end(process)
            conclusion = "failure" if process.returncode else "success"
            _tell_github(lab, dispatch, sha, status="completed", conclusion=conclusion)


class Running:
    """A run under way: `wait` reads it to its end, the others are for its callback or another thread."""

    def __init__(self, process: subprocess.Popen[str], progress: Progress | None) -> None:
        self._process = process
        self._log = Log(progress)
        self._began = time.monotonic()

    def wait(self) -> ActRun:
        """Reads the log until act ends."""
        for line in self._process.stdout or ():
            self._log.read(line)
        code = self._process.wait()
        return ActRun(code, self._log.text, self._log.jobs, time.monotonic() - self._began)

    def interrupt(self, number: int = signal.SIGINT) -> None:
        """Signals the running steps, as GitHub's runner does to the step of a job that is cancelled."""
        for pid in self._steps():
            os.kill(pid, number)

    def cancel(self) -> None:
        """Cancels the run in act's own way."""
        self._process.send_signal(signal.SIGINT)

    def _steps(self) -> set[int]:
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        return {int(pid) for task in tasks for pid in task.read_text().split()}


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    if process.stdout:
        process.stdout.close()
    process.wait()


def _clone(origin: Path, clone: Path, dispatch: Dispatch) -> str:
    """Clones at the commit, on the branch: act takes its ref and sha from there."""
    subprocess.run(["git", "clone", "--quiet", "--branch", dispatch.ref, origin, clone], check=True)
    if dispatch.sha:
        subprocess.run(["git", "reset", "--quiet", "--hard", dispatch.sha], cwd=clone, check=True)
    return subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=clone, text=True).strip()


def _tell_github(lab: Lab, dispatch: Dispatch, sha: str, **state: str) -> None:
    if lab.github is None:
        return
    told = {
        "id": dispatch.run_id,
        "number": dispatch.run_number,
        "attempt": dispatch.attempt,
        "event": dispatch.event,
        "workflow": dispatch.workflow,
        "branch": dispatch.ref,
        "sha": sha,
        "actor": dispatch.actor,
        "triggering_actor": dispatch.triggering_actor,
        "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **state,
    }
    asked = urllib.request.Request(  # noqa: S310 - the lab's own address
        f"{lab.github}/_lab/runs", json.dumps(told).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=30):
        pass

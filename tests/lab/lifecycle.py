"""Starts the lab in order, ends it, and says what runs."""

from __future__ import annotations

import fcntl
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tests.lab import cgroups, network, processes, seed, sequence
from tests.lab.errors import LabError
from tests.lab.layout import DATA, KEPT_LOGS, LOCK, LOGS, REAL, RUN, STATE
from tests.lab.progress import say

SIMULATED = (
    "without root the nodes are simulated: pods get Ready by themselves, no image is built, pulled or run, there's no "
    "registry and no PostgreSQL. So the demo and the lab's tests need root."
)


def up() -> None:
    """Start everything and seed it, after clearing what an earlier run left. If it fails, nothing stays."""
    if not REAL:
        say(SIMULATED)
    with _alone(), _interruptible():
        began = time.monotonic()
        try:
            sequence.prepare()
            ready = time.monotonic()
            sequence.start()
        except BaseException:
            with _undisturbed():
                _keep_logs()
                sequence.clear()
            raise
        say(f"up in {time.monotonic() - ready:.1f} s (and {ready - began:.1f} s to build and install)")


def down() -> None:
    """End everything that the lab started and remove what it made; harmless where nothing runs."""
    with _alone():
        sequence.clear()
    if left := leftovers():
        raise LabError(f"The lab left: {', '.join(left)}.", "run it again; if that doesn't help, restart the machine.")


def is_up() -> bool:
    """Whether the lab runs: it was started, its state is written, and all its programs live."""
    programs = processes.recorded()
    return STATE.is_file() and bool(programs) and all(program.alive for program in programs)


@contextmanager
def running() -> Iterator[None]:
    """A lab that is up: the one that is, or one that is started for this and ended after it."""
    ours = not is_up()
    if ours:
        up()
    try:
        yield
    finally:
        if ours:
            down()


def reset() -> None:
    """Back to the first state of a running lab. LabError where none runs."""
    if not is_up():
        raise LabError("The lab isn't running.", "`python -m tests.lab up`")
    with _alone():
        seed.reset()


def status() -> list[str]:
    """A line for each program, and one for each thing that's left of a lab that is down."""
    lines = [
        f"{it.name}: {'runs' if it.alive else 'ENDED'} (pid {it.pid}, log {LOGS / it.name}.log)"
        for it in processes.recorded()
    ]
    return lines or [f"left over: {thing}" for thing in leftovers()] or ["the lab is down"]


def leftovers() -> list[str]:
    """What should be gone when the lab is down: processes, mounts, bridges, cgroups, folders."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return [
        *(f"process {pid}" for pid in processes.marked()),
        *(f"mount {mount}" for mount in mounts if f"{mount}/".startswith((f"{RUN}/", f"{DATA}/"))),
        *(f"bridge {bridge}" for bridge in network.left() if REAL),
        *(f"cgroup {cgroup}" for cgroup in cgroups.left() if REAL),
        *(f"folder {folder}" for folder in (RUN, DATA) if folder.exists()),
    ]


def _keep_logs() -> None:
    if LOGS.is_dir():
        shutil.rmtree(KEPT_LOGS, ignore_errors=True)
        shutil.copytree(LOGS, KEPT_LOGS)
        say(f"the logs are kept in {KEPT_LOGS}")


@contextmanager
def _alone() -> Iterator[None]:
    """One lab at a time on a machine."""
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError("Another run is starting or ending the lab.", "wait for it.") from None
        yield


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends the start as Ctrl-C does: with everything put back."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C doesn't stop the clearing away half-way."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

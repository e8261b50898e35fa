"""Starts the lab's programs, records them, and ends exactly those: never another one that got a pid again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from attrs import asdict, frozen

from tests.lab.errors import LabError
from tests.lab.layout import BIN, LOGS, PIDS, RUN

MARK = "PROMOKIT_LAB"
"""Every program of the lab has this in its environment, so that a left-over is known for what it is."""


@frozen
class Recorded:
    """A started program: its pid, the start time that /proc gives for it, and the signal that ends it."""

    name: str
    pid: int
    started: str
    stop_signal: int

    @property
    def alive(self) -> bool:
        """Whether this very program still runs."""
        return start_time(self.pid) == self.started


def start(
    name: str,
    argv: Sequence[str | Path],
    *,
    environ: Mapping[str, str] | None = None,
    user: str | None = None,
    stop_signal: signal.Signals = signal.SIGKILL,
) -> Recorded:
    """Start a program in a session of its own, its output in the log folder, and record it."""
    LOGS.mkdir(parents=True, exist_ok=True)
    PIDS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=clean_environ(environ),
            cwd="/",
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
    recorded = Recorded(name, process.pid, start_time(process.pid) or "", int(stop_signal))
    (PIDS / f"{name}.json").write_text(json.dumps(asdict(recorded)))
    return recorded


def clean_environ(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of the lab's programs: no proxy, token or configuration of whoever started it."""
    path = f"{BIN}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": path, "HOME": str(RUN), "LANG": "C.UTF-8", MARK: str(RUN), **(more or {})}


def start_time(pid: int) -> str | None:
    """When a process started, in ticks since boot (proc(5), field 22); None for a zombie or none at all."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def recorded() -> list[Recorded]:
    """What this or an earlier run recorded, whether it still runs or not."""
    files = sorted(PIDS.glob("*.json")) if PIDS.is_dir() else []
    return [Recorded(**json.loads(file.read_text())) for file in files]


def named(name: str) -> Recorded:
    """The record of the program of this name, which must have been started."""
    return next(program for program in recorded() if program.name == name)


def wait_until(name: str, ready: Callable[[], bool], *, seconds: float, remedy: str) -> None:
    """Wait until `ready` says so. LabError with the end of the program's log if it ends or isn't in time."""
    deadline = time.monotonic() + seconds
    while not ready():
        program = _record(name)
        if program is not None and not program.alive:
            raise LabError(f"{name} ended before it was ready.{log_tail(name)}", remedy)
        if time.monotonic() > deadline:
            raise LabError(f"{name} isn't ready after {seconds:.0f} s.{log_tail(name)}", remedy)
        time.sleep(0.05)


def log_tail(name: str, lines: int = 15) -> str:
    """The end of a program's log, for a message."""
    log = LOGS / f"{name}.log"
    if not log.is_file():
        return ""
    text = log.read_text(errors="replace").splitlines()[-lines:]
    return f" The end of {log}:\n  " + "\n  ".join(line[:400] for line in text)


def stop(programs: Sequence[Recorded], seconds: float = 10) -> None:
    """End these programs: each by its own signal, by SIGKILL what doesn't end in time."""
    for program in programs:
        _send(program, program.stop_signal)
    deadline = time.monotonic() + seconds
    while any(program.alive for program in programs) and time.monotonic() < deadline:
        _reap(programs)
        time.sleep(0.02)
    for program in programs:
        _send(program, signal.SIGKILL)
        (PIDS / f"{program.name}.json").unlink(missing_ok=True)
    _reap(programs)


def marked() -> list[int]:
    """The processes that carry the lab's mark, except this one: what an interrupted run left unrecorded."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes()
        except OSError:
            continue
        if f"{MARK}={RUN}".encode() in environ.split(b"\0") and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def kill_marked() -> None:
    """End what carries the lab's mark, without having been recorded."""
    for pid in marked():
        began = start_time(pid)
        if began is not None:
            stop([Recorded("unrecorded", pid, began, int(signal.SIGKILL))])


def child_of(parent: Recorded) -> int:
    """The first child of a program, by the host's numbering; waits for it."""
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    wait_until(parent.name, lambda: bool(_text(children)), seconds=10, remedy="see the log.")
    return int(_text(children).split()[0])


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _record(name: str) -> Recorded | None:
    file = PIDS / f"{name}.json"
    return Recorded(**json.loads(file.read_text())) if file.is_file() else None


def _send(program: Recorded, number: int) -> None:
    if program.alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(program.pid, number)


def _reap(programs: Sequence[Recorded]) -> None:
    """Take in those that are our own children, so that no zombie holds a cgroup."""
    for program in programs:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(program.pid, os.WNOHANG)

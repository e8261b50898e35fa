"""A program as it runs: when it ended, with what, and what it cost."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from attrs import define, field, frozen

_EACH = 0.02


@frozen
class Cost:
    """What a program took: seconds of processor time, peak memory in MB, and connections at one time, at most."""

    cpu: float
    peak: float
    connections: int


@define
class Running:
    """A started program. `ended` is when it ended (of `time.monotonic`), once it has."""

    argv: Sequence[str]
    port: int
    environ: Mapping[str, str]
    sampled: bool = True
    """Whether its memory and connections are looked at, which takes some processor time from all."""
    ended: float | None = None
    code: int | None = None
    cost: Cost | None = None
    _output: IO[bytes] = field(factory=tempfile.TemporaryFile)
    _process: subprocess.Popen[bytes] = field(init=False)
    _watcher: threading.Thread = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._process = subprocess.Popen(
            self.argv, env=self.environ, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT
        )
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def wait(self, seconds: float) -> bool:
        """Wait for its end, so long at most; whether it ended by itself. Else it is ended."""
        self._watcher.join(seconds)
        ended = not self._watcher.is_alive()
        self.end()
        return ended

    def end(self) -> None:
        """End it, if it runs."""
        if self._watcher.is_alive():
            self._process.kill()
            self._watcher.join()

    @property
    def output(self) -> str:
        """What it has printed."""
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def _watch(self) -> None:
        pid = self._process.pid
        peak, connections = self._sampled(pid) if self.sampled else (0.0, 0)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        self.ended = time.monotonic()
        _, status, used = os.wait4(pid, 0)
        self.code = self._process.returncode = os.waitstatus_to_exitcode(status)
        self.cost = Cost(used.ru_utime + used.ru_stime, peak, connections)

    def _sampled(self, pid: int) -> tuple[float, int]:
        """Look at it often until it ends; the memory is what the kernel says its highest was."""
        peak, connections = 0.0, 0
        while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            peak = max(peak, peak_of(_text(Path(f"/proc/{pid}/status"))))
            connections = max(connections, _connections(pid, self.port))
            time.sleep(_EACH)
        return peak, connections


def peak_of(status: str) -> float:
    """The peak memory in MB that /proc/PID/status tells (proc(5), VmHWM); 0 where it tells none."""
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def sockets_to(table: str, port: int) -> set[str]:
    """The inodes of established connections to a port, by /proc/net/tcp (proc(5))."""
    rows = (line.split() for line in table.splitlines()[1:])
    return {row[9] for row in rows if row[2].endswith(f":{port:04X}") and row[3] == "01"}


def _connections(pid: int, port: int) -> int:
    own = set()
    try:
        for each in Path(f"/proc/{pid}/fd").iterdir():
            own.add(os.readlink(each).removeprefix("socket:[").removesuffix("]"))
    except OSError:
        return 0
    return len(own & sockets_to(_text(Path(f"/proc/{pid}/net/tcp")), port))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""

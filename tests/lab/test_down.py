"""The lab leaves the machine as it found it, however it ends. These tests end the lab and start it again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import lifecycle, processes
from tests.lab.conftest import call_lab
from tests.lab.layout import CHECKOUT, DATA, PIDS, RUN
from tests.lab.state import Lab

pytestmark = pytest.mark.lab


@pytest.fixture(autouse=True, scope="module")
def _started_again(lab: Lab) -> Iterator[None]:
    """The other modules find a lab that runs, as this one did."""
    yield
    if not lifecycle.is_up():
        call_lab("up")


def test_an_interrupted_start_leaves_nothing() -> None:
    """Ctrl-C in the middle of `up`, with nodes under way, ends it with 130 and leaves nothing."""
    call_lab("down")
    starting = start_until_a_kubelet_runs()
    starting.send_signal(signal.SIGINT)
    assert starting.wait(timeout=60) == 130
    assert traces() == []


def test_the_next_start_clears_what_a_killed_one_left() -> None:
    """After a SIGKILL in the middle of `up`, its programs live on; the next `up` ends them and works."""
    call_lab("down")
    starting = start_until_a_kubelet_runs()
    starting.kill()
    starting.wait(timeout=60)
    orphans = {program.pid for program in processes.recorded() if program.alive}
    assert orphans
    call_lab("up")
    assert lifecycle.is_up()
    assert not orphans & {program.pid for program in processes.recorded()}


def test_down_leaves_nothing() -> None:
    """After `down` no process, mount, bridge, cgroup or folder of the lab is there."""
    assert traces() != []
    call_lab("down")
    assert traces() == []


def start_until_a_kubelet_runs() -> subprocess.Popen[bytes]:
    """Start `up`, and come back in the middle of it."""
    starting = subprocess.Popen([sys.executable, "-m", "tests.lab", "up"], cwd=CHECKOUT, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (PIDS / "credreg-live-kubelet.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert starting.poll() is None
    return starting


def traces() -> list[str]:
    """What the machine shows of the lab, looked up apart from the lab's own account of it."""
    return [
        *(f"process {it}" for it in _command_lines() if str(RUN) in it or str(DATA) in it),
        *(f"mount {it}" for it in Path("/proc/mounts").read_text().splitlines() if "promokit-lab" in it),
        *(f"interface {it.name}" for it in Path("/sys/class/net").iterdir() if it.name.startswith("pklab")),
        *(f"cgroup {it}" for it in Path("/sys/fs/cgroup").glob("**/promokit-lab")),
        *(f"folder {it}" for it in (RUN, DATA, Path("/var/lib/kubelet"), Path("/var/log/pods")) if it.exists()),
    ]


def _command_lines() -> Iterator[str]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended while we looked

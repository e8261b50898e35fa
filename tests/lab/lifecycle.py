"""Starts the lab in order, ends it, and says what runs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tests.lab import (
    build,
    buildkit,
    certificates,
    cgroups,
    controlplane,
    doubles_program,
    network,
    node,
    packages,
    postgres,
    processes,
    registry,
    seed,
    state,
    storage,
    sysctls,
    toolchain,
)
from tests.lab.errors import LabError
from tests.lab.layout import BIN, CLUSTERS, DATA, KEPT_LOGS, LOGS, RUN, STATE

_LOCK = Path("/run/lock/promokit-lab.lock")


def up() -> None:
    """Start everything and seed it, after clearing what an earlier run left. If it fails, nothing stays."""
    _need_root()
    with _alone(), _interruptible():
        began = time.monotonic()
        try:
            _prepare()
            ready = time.monotonic()
            _start()
        except BaseException:
            _keep_logs()
            _clear()
            raise
        _say(f"up in {time.monotonic() - ready:.1f} s (and {ready - began:.1f} s to build and install)")


def down() -> None:
    """End everything that the lab started and remove what it made; harmless where nothing runs."""
    _need_root()
    with _alone():
        _clear()
    if left := leftovers():
        raise LabError(f"The lab left: {', '.join(left)}.", "run it again; if that doesn't help, restart the machine.")


def is_up() -> bool:
    """Whether the lab runs: it was started, its state is written, and all its programs live."""
    programs = processes.recorded()
    return STATE.is_file() and bool(programs) and all(program.alive for program in programs)


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
        *(f"bridge {bridge}" for bridge in network.left()),
        *(f"cgroup {cgroup}" for cgroup in cgroups.left()),
        *(f"folder {folder}" for folder in (RUN, DATA) if folder.exists()),
    ]


def _prepare() -> None:
    """What takes long once: packages and builds."""
    for name in packages.install():
        _say(f"installed {name}")
    for name in build.NEEDED:
        build.build(name)


def _start() -> None:
    with _step("clear what an earlier run left"):
        _clear()
    with _step("bridges, certificates"):
        _make_ground()
    with _step("start etcd, API servers, registry, buildkitd, PostgreSQL"):
        for cluster in CLUSTERS:
            controlplane.start_api(cluster)
        registry.start()
        buildkit.start()
        postgres.start()
    with _step("registry, buildkitd and PostgreSQL answer"):
        registry.wait()
        postgres.wait()
        buildkit.wait()
    state.write()
    with _step("doubles, pause image, nodes' programs"):
        doubles_program.start()
        buildkit.push_pause_image()
        for cluster in CLUSTERS:
            node.start(cluster)
    with _step("API servers answer"):
        for cluster in CLUSTERS:
            controlplane.wait_for_api(cluster)
            controlplane.start_controllers(cluster)
    with _step("nodes are Ready"):
        for cluster in CLUSTERS:
            node.wait_until_ready(cluster)
    with _step("seed"):
        doubles_program.wait()
        seed.seed()


def _make_ground() -> None:
    BIN.mkdir(parents=True)
    for name in build.NEEDED:
        for program in build.build(name).iterdir():
            (BIN / program.name).symlink_to(program)
    # The workflows' steps compile the example with it, where the machine has none.
    (BIN / "go").symlink_to(toolchain.go())
    storage.make()
    sysctls.keep()
    for cluster in CLUSTERS:
        network.make(cluster)
        certificates.make(cluster)
    certificates.write_admin_kubeconfig(CLUSTERS)


def _clear() -> None:
    """End and remove everything, in the order in which one holds the other."""
    processes.stop(processes.recorded())
    processes.kill_marked()
    cgroups.remove_all()
    network.remove_all()
    sysctls.restore()
    storage.remove_all()
    for point in node.MOUNT_POINTS:
        with contextlib.suppress(OSError):
            Path(point).rmdir()  # only where it's empty: somebody else's stays


def _keep_logs() -> None:
    if LOGS.is_dir():
        shutil.rmtree(KEPT_LOGS, ignore_errors=True)
        shutil.copytree(LOGS, KEPT_LOGS)
        _say(f"the logs are kept in {KEPT_LOGS}")


def _need_root() -> None:
    if os.geteuid() != 0:
        raise LabError(
            "The lab needs root: its nodes make namespaces, mounts, bridges and cgroups.", "run it with sudo."
        )


@contextmanager
def _alone() -> Iterator[None]:
    """One lab at a time on a machine."""
    with _LOCK.open("w") as lock:
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
def _step(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    _say(f"{time.monotonic() - began:5.1f} s  {what}")


def _say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)

"""The cgroups that the kubelets work under: one a cluster, in each controller of v1 or in the one tree of v2.

Tried on cgroup v1 (with a v2 tree mounted at `unified`, which holds no controller). The v2 half follows the
kernel's documentation and was not run on a v2 machine.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from tests.lab.layout import Cluster

ROOT = Path("/sys/fs/cgroup")
NAME = "promokit-lab"


def make(cluster: Cluster) -> None:
    """Make the cluster's cgroup, ready to have children."""
    for hierarchy in _hierarchies():
        top = hierarchy / NAME
        (top / cluster.name).mkdir(parents=True, exist_ok=True)
        for folder in (top, top / cluster.name):
            _prepare(folder)


def path_of(cluster: Cluster) -> str:
    """The kubelet's cgroupRoot."""
    return f"/{NAME}/{cluster.name}"


def remove_all(seconds: float = 5) -> None:
    """Remove the lab's cgroups, once their processes have ended."""
    deadline = time.monotonic() + seconds
    while left() and time.monotonic() < deadline:
        for top in left():
            for folder in sorted((path for path in top.rglob("*") if path.is_dir()), key=_depth, reverse=True):
                _rmdir(folder)
            _rmdir(top)
        if left():
            time.sleep(0.05)


def left() -> list[Path]:
    """The lab's cgroups that exist."""
    return [hierarchy / NAME for hierarchy in _hierarchies() if (hierarchy / NAME).is_dir()]


def version_2() -> bool:
    """Whether the machine has cgroup v2 alone."""
    return (ROOT / "cgroup.controllers").is_file()


def _hierarchies() -> list[Path]:
    """Every tree once: on v1 some names are links to another (cpu → cpu,cpuacct)."""
    if version_2():
        return [ROOT]
    return [path for path in sorted(ROOT.iterdir()) if path.is_dir() and not path.is_symlink()]


def _prepare(folder: Path) -> None:
    """A v1 cpuset takes no process until it's filled; a v2 child has only what its parent hands on."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if not version_2() and (folder / name).is_file():
            (folder / name).write_text((folder.parent / name).read_text())
    if version_2():
        for parent in (folder.parent, folder):
            controllers = (parent / "cgroup.controllers").read_text().split()
            (parent / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers))


def _depth(path: Path) -> int:
    return len(path.parts)


def _rmdir(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()

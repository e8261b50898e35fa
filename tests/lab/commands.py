"""Runs a short command and says what went wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.layout import BIN
from tests.lab.processes import clean_environ


def run(
    *argv: str | Path,
    stdin: str | None = None,
    environ: Mapping[str, str] | None = None,
    user: str | None = None,
) -> str:
    """Run a command to its end in the lab's clean environment; what it printed. LabError if it fails."""
    words = [str(word) for word in argv]
    done = subprocess.run(
        words,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        env=clean_environ(environ),
        capture_output=True,
        text=True,
        check=False,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        cwd="/",
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise LabError(f"{' '.join(words)} failed ({done.returncode}):\n{said}", "see its words above.")
    return done.stdout


def succeeds(*argv: str | Path) -> bool:
    """Whether a command ends with 0; where it can't be run: no."""
    try:
        run(*argv)
    except (LabError, OSError):
        return False
    return True


def kubectl(kubeconfig: Path, *argv: str, stdin: str | None = None) -> str:
    """Run kubectl as a cluster's administrator; what it printed."""
    return run(BIN / "kubectl", f"--kubeconfig={kubeconfig}", *argv, stdin=stdin)

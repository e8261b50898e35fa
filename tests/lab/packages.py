"""Installs the Debian packages that the lab runs, without letting them start a service."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.layout import REAL

ALWAYS = {"openssl": "openssl", "git": "git"}
REAL_NODES = {
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "docker-registry": "docker-registry",
    "/usr/lib/postgresql/*/bin/initdb": "postgresql",
    "ip": "iproute2",
    "unshare": "util-linux",
    "mount": "mount",
}
NEEDED = ALWAYS | REAL_NODES if REAL else ALWAYS
"""A command or file, and the package that brings it."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_POLICY = Path("/usr/sbin/policy-rc.d")


def install() -> list[str]:
    """Install what's missing and return the packages' names. LabError where that can't be done."""
    wanted = missing()
    if wanted:
        _apt_get(wanted)
    if still := missing():
        raise LabError(f"Not there after their installation: {', '.join(still)}.", "install them by hand.")
    return wanted


def missing() -> list[str]:
    """The packages whose command or file isn't there."""
    return [package for thing, package in NEEDED.items() if not _is_there(thing)]


def bring(command: str, package: str) -> str:
    """The command's path, its package installed where it's missing. LabError where that can't be done."""
    if shutil.which(command) is None and not _is_there(command):
        _apt_get([package])
    found = shutil.which(command) or shutil.which(command, path=_PATH)
    if found is None:
        raise LabError(f"There's no {command} after the installation of {package}.", "install it by hand.")
    return found


def _is_there(thing: str) -> bool:
    if thing.startswith("/"):
        return any(Path("/").glob(thing[1:]))
    return shutil.which(thing, path=_PATH) is not None


def _apt_get(packages: list[str]) -> None:
    if not REAL or shutil.which("apt-get") is None:
        raise LabError(
            f"The lab needs {', '.join(packages)}, and can't install that here: it isn't root, or there's no apt-get.",
            "install it by hand, or run the lab as root on Debian or Ubuntu.",
        )
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _services_stay_off():
        for argv in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
            done = subprocess.run(["apt-get", *argv], env=environ, capture_output=True, text=True, check=False)
            if done.returncode:
                said = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
                raise LabError(f"apt-get {' '.join(argv)} failed:\n{said}", "see apt-get's words above.")


@contextmanager
def _services_stay_off() -> Iterator[None]:
    """Debian's packages start their services unless /usr/sbin/policy-rc.d answers 101 (invoke-rc.d(8))."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()

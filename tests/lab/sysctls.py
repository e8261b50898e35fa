"""The kernel settings that the kubelet changes: kept when the lab starts, put back when it ends."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lab.layout import RUN

# What the kubelet sets without protectKernelDefaults: setupKernelTunables in
# pkg/kubelet/cm/container_manager_linux.go.
_NAMES = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
_KEPT = RUN / "sysctls.json"


def keep() -> None:
    """Write down what the settings are now."""
    _KEPT.write_text(json.dumps({name: _path(name).read_text() for name in _NAMES if _path(name).exists()}))


def restore() -> None:
    """Put back what was written down, if anything was."""
    if _KEPT.is_file():
        for name, value in json.loads(_KEPT.read_text()).items():
            if _path(name).read_text() != value:
                _path(name).write_text(value)


def _path(name: str) -> Path:
    return Path("/proc/sys") / name

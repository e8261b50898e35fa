"""lab.json: what the lab tells the doubles, the tests and the demo about itself."""

from __future__ import annotations

import json
from typing import Any

from tests.lab import certificates, postgres
from tests.lab.layout import (
    ADMIN_KUBECONFIG,
    BIN,
    BUILDKIT_ADDRESS,
    CLUSTERS,
    ENVIRONMENTS,
    ORIGIN,
    STATE,
)


def write() -> None:
    """Write it; readable by root alone, since it has the databases' passwords."""
    content = {
        "kubeconfig": str(ADMIN_KUBECONFIG),
        "clusters": {it.name: {"endpoint": it.endpoint, "ca": certificates.authority(it)} for it in CLUSTERS},
        "origin": str(ORIGIN),
        "postgres": {it.name: postgres.host_url(it) for it in ENVIRONMENTS},
        "buildkit": BUILDKIT_ADDRESS,
        "bin": str(BIN),
    }
    STATE.touch(mode=0o600)
    STATE.write_text(json.dumps(content, indent=2) + "\n")


def read() -> dict[str, Any]:
    """Read it."""
    content: dict[str, Any] = json.loads(STATE.read_text())
    return content

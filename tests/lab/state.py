"""lab.json: what the lab tells the doubles, the tests and the demo about itself."""

from __future__ import annotations

import json
from pathlib import Path

from attrs import asdict, frozen

from tests.lab import certificates, postgres
from tests.lab.layout import ADMIN_KUBECONFIG, BIN, BUILDKIT_ADDRESS, CLUSTERS, ENVIRONMENTS, ORIGIN, REAL, STATE


@frozen
class Lab:
    """A running lab, as lab.json says it."""

    kubeconfig: str
    """The administrator's, with one context a cluster, named like it."""
    clusters: dict[str, dict[str, str]]
    """By the cluster's name: its `endpoint` and `ca` (base64 of PEM), as EKS's DescribeCluster gives them."""
    origin: str
    """The bare git repository that stands for GitHub's."""
    postgres: dict[str, str]
    """By the environment's name: its database's URL for programs on this machine. Empty where nodes are simulated."""
    buildkit: str
    bin: str
    """The folder with kubectl, buildx and the lab's other programs."""


def write() -> None:
    """Write it; readable by root alone, since it has the databases' passwords."""
    lab = Lab(
        kubeconfig=str(ADMIN_KUBECONFIG),
        clusters={it.name: {"endpoint": it.endpoint, "ca": certificates.authority(it)} for it in CLUSTERS},
        origin=str(ORIGIN),
        postgres={it.name: postgres.host_url(it) for it in ENVIRONMENTS if REAL},
        buildkit=BUILDKIT_ADDRESS,
        bin=str(BIN),
    )
    STATE.touch(mode=0o600)
    STATE.write_text(json.dumps(asdict(lab), indent=2) + "\n")


def read() -> Lab:
    """Read it. FileNotFoundError where no lab runs."""
    return Lab(**json.loads(Path(STATE).read_text()))

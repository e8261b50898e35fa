"""The programs that are compared, as commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path


def image(number: int) -> str:
    """An image's reference, of which there are many."""
    return f"registry.test/app:{number}@sha256:{number:064x}"


def promokit(workloads: Iterable[str], reference: str, context: str, namespace: str, *more: str) -> list[str]:
    """The command that pins an image on workloads and follows them."""
    names = ",".join(workloads)
    target = ["--namespace", namespace, "--workloads", names, "--cluster", f"context:{context}"]
    installed = str(Path(sys.executable).with_name("promokit"))
    return [installed, "rollout", *target, "--image", reference, "--yes", *more]


def migration(job: Path, reference: str, context: str, namespace: str, *more: str) -> list[str]:
    """The command that runs a migration's Job and follows it."""
    target = ["--namespace", namespace, "--cluster", f"context:{context}"]
    installed = str(Path(sys.executable).with_name("promokit"))
    return [installed, "migrate", *target, "--image", reference, "--job", str(job), "--yes", *more]


def kubectl(program: Path, namespace: str, what: str) -> list[str]:
    """The command that follows what somebody has changed: `deployment/web`, or `deployment` for all."""
    return [str(program), "--namespace", namespace, "rollout", "status", what]


def environ(kubeconfig: Path) -> dict[str, str]:
    """A command's environment: nothing of GitHub's or AWS's, and this kubeconfig."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "KUBECONFIG": str(kubeconfig)}

"""Building a commit's image without a workflow, as a feature branch's own would."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.lab import buildkit
from tests.lab.build import COMPILING
from tests.lab.commands import run
from tests.lab.layout import ECR_HOST, ORIGIN
from tests.lab.toolchain import go


def build_commit(sha: str, repository: str, *more_tags: str) -> None:
    """Build the example system's image of a commit and push it under its revision tag and the tags given."""
    with tempfile.TemporaryDirectory(prefix="promokit-image-") as folder:
        run("git", "clone", "--quiet", "--no-checkout", str(ORIGIN), folder)
        run("git", "-C", folder, "checkout", "--quiet", "--detach", sha)
        context = Path(folder) / "examples/credreg"
        path = f"{go().parent}{os.pathsep}{os.environ['PATH']}"
        run(str(context / "build"), environ={**os.environ, **COMPILING, "VERSION": sha, "REVISION": sha, "PATH": path})
        buildkit.build_and_push(context, tuple(f"{ECR_HOST}/{repository}:{tag}" for tag in (sha, *more_tags)))

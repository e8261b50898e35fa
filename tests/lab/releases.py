"""Releases of a small program for promotions on the lab: real images with two tags, whose commits GitHub knows."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from attrs import frozen

from promokit.image import Digest, ImageRef
from tests.doubles.history import History
from tests.lab import build, buildkit, registry
from tests.lab.layout import ECR_HOST, REGISTRY_ADDRESS

PATH = "promokit-lab/release"
REPOSITORY = f"{REGISTRY_ADDRESS}:80/{PATH}"
"""The lab's registry under its own address: no AWS is asked, and what others do to the example's images is theirs."""


@frozen
class Release:
    """An image with its release tag, pinned, and its commit."""

    image: ImageRef
    revision: str


def publish(history: History) -> tuple[Release, ...]:
    """Push what the registry hasn't got of the releases of a history's three commits, oldest first."""
    commits = (history.first, history.second, history.third)
    return tuple(_published(f"2026.11.2{number}.0001", sha) for number, sha in enumerate(commits, 1))


def _published(tag: str, revision: str) -> Release:
    if registry.digest(PATH, tag) is None:
        _push(tag, revision)
    digest = registry.digest(PATH, tag)
    assert digest is not None
    return Release(ImageRef.parse(f"{REPOSITORY}:{tag}").with_(digest=Digest.parse(digest)), revision)


def _push(tag: str, revision: str) -> None:
    """The commit is in the image's config: else two releases would be one image to the node."""
    with tempfile.TemporaryDirectory(prefix="promokit-release-") as folder:
        context = Path(folder)
        shutil.copy(build.build("actor") / "actor", context)
        label = f"org.opencontainers.image.revision={revision}"
        (context / "Dockerfile").write_text(f'FROM scratch\nCOPY actor /\nLABEL {label}\nENTRYPOINT ["/actor"]\n')
        names = tuple(f"{ECR_HOST}/{PATH}:{each}" for each in (tag, revision))
        buildkit.build_and_push(context, names, ("linux/amd64",))

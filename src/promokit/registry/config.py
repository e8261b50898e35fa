"""What only an image's config tells: its platform, and its build's labels (OCI image-spec, config.md)."""

from __future__ import annotations

import json
from typing import Any, Protocol

from promokit.image import Digest
from promokit.registry.manifest import REVISION, platform_name
from promokit.registry.port import Manifest


class Content(Protocol):
    """Of a registry, what is read by digest."""

    def manifest(self, repository: str, digest: Digest) -> Manifest | None:
        """As `Registry.manifest`."""

    def blob(self, repository: str, digest: Digest) -> bytes | None:
        """As `Registry.blob`."""


def revision_of(registry: Content, repository: str, digest: Digest) -> str | None:
    """The commit by the annotations, else by the first image: its annotations, then its config's label."""
    manifest = registry.manifest(repository, digest)
    if manifest is None:
        return None
    if manifest.revision:
        return manifest.revision
    if manifest.children:
        return revision_of(registry, repository, manifest.children[0])
    labels = _object(_object(_config(registry, repository, manifest).get("config")).get("Labels"))
    revision = labels.get(REVISION)
    return revision if isinstance(revision, str) and revision else None


def platforms_of(registry: Content, repository: str, digest: Digest) -> tuple[str, ...]:
    """The platforms of the index, or the one that a single image's config names."""
    manifest = registry.manifest(repository, digest)
    if manifest is None:
        return ()
    if manifest.platforms:
        return manifest.platforms
    config = _config(registry, repository, manifest)
    return (platform_name(config),) if config.get("os") and config.get("architecture") else ()


def _config(registry: Content, repository: str, manifest: Manifest) -> dict[str, Any]:
    """The config's document; empty when it isn't there or isn't one."""
    content = registry.blob(repository, manifest.config) if manifest.config else None
    try:
        return _object(json.loads(content or b"{}"))
    except ValueError:
        return {}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}

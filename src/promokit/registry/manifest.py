"""Bytes of a registry, verified, and read for what can run in them. Pure.

Rules: OCI image-spec, manifest.md and image-index.md.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from promokit.errors import Refused, Unreachable, VerificationFailed
from promokit.image import Digest
from promokit.image_grammar import is_digest
from promokit.registry.port import Manifest

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
IMAGE_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPTED = INDEX_TYPES + IMAGE_TYPES
REVISION = "org.opencontainers.image.revision"

_CONFIG_TYPES = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_LAYER_TYPES = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.")
# https://docs.docker.com/build/metadata/attestations/attestation-storage/
_ATTESTATION = "vnd.docker.reference.type"


def verify(content: bytes, digest: Digest, where: str) -> bytes:
    """The content itself; VerificationFailed if it doesn't have this digest."""
    if hashlib.new(digest.algorithm, content).hexdigest() != digest.hex:
        raise VerificationFailed(
            f"the registry's bytes don't have the digest {digest}",
            where=where,
            remedy="don't deploy this image; look for a broken proxy or mirror, or a tampered registry",
        )
    return content


def read_manifest(content: bytes, digest: Digest, where: str, media_type: str | None = None) -> Manifest:
    """The manifest that these bytes are. VerificationFailed: not this digest. Refused: nothing in it can run.

    `media_type` is what the registry said, used only where the document doesn't say it itself.
    """
    document = _document(verify(content, digest, where), where)
    kind = _text(document.get("mediaType")) or media_type or _kind_by_shape(document)
    if kind in INDEX_TYPES:
        children = [child for child in _objects(document.get("manifests")) if _can_run(child)]
        if not children:
            raise _nothing_to_run(where, "an index without an image for a platform")
    elif kind in IMAGE_TYPES:
        children = []
        _refuse_artifact(document, where)
    else:
        raise _nothing_to_run(where, f"of media type {kind[:100]!r}")
    return Manifest(
        digest=digest,
        media_type=kind,
        content=content,
        platforms=tuple(dict.fromkeys(platform_name(child["platform"]) for child in children)),
        children=tuple(dict.fromkeys(Digest(child["digest"]) for child in children)),
        config=None if kind in INDEX_TYPES else Digest(document["config"]["digest"]),
        revision=_text(_object(document.get("annotations")).get(REVISION)),
    )


def platform_name(platform: dict[str, Any]) -> str:
    """`os/architecture[/variant]`; arm64 is always v8, so that isn't told (containerd, platforms)."""
    os, architecture, variant = (_text(platform.get(key)) for key in ("os", "architecture", "variant"))
    plain = not variant or (architecture == "arm64" and variant == "v8")
    return f"{os}/{architecture}" if plain else f"{os}/{architecture}/{variant}"


def told_digest(text: object, where: str) -> Digest:
    """The digest that a registry told; Unreachable if what it told is none."""
    if not _is_digest(text):
        raise Unreachable("the registry's answer has no valid digest", where=where, remedy="look for a broken proxy")
    return Digest(str(text))


def _can_run(child: dict[str, Any]) -> bool:
    platform = _object(child.get("platform"))
    return (
        child.get("mediaType") in IMAGE_TYPES
        and _is_digest(child.get("digest"))
        and all(_text(platform.get(key)) not in (None, "unknown") for key in ("os", "architecture"))
        and _ATTESTATION not in _object(child.get("annotations"))
        and "artifactType" not in child
    )


def _refuse_artifact(document: dict[str, Any], where: str) -> None:
    config = _object(document.get("config"))
    layers = _objects(document.get("layers"))
    kind = _text(document.get("artifactType")) or _text(config.get("mediaType")) or "no config"
    if "artifactType" in document or config.get("mediaType") not in _CONFIG_TYPES:
        raise _nothing_to_run(where, f"an artifact ({kind[:100]})")
    if not any((_text(layer.get("mediaType")) or "").startswith(_LAYER_TYPES) for layer in layers):
        raise _nothing_to_run(where, "an image without a file system layer (an attestation?)")
    if not _is_digest(config.get("digest")):
        raise _nothing_to_run(where, "an image whose config has no digest")


def _nothing_to_run(where: str, what: str) -> Refused:
    return Refused(
        f"there is nothing to run in it: it is {what}",
        where=where,
        remedy="name the image itself, by tag or digest",
    )


def _document(content: bytes, where: str) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _nothing_to_run(where, "not a manifest (no JSON object)")
    return document


def _kind_by_shape(document: dict[str, Any]) -> str:
    """`mediaType` is optional in OCI documents; the one list that must be there tells which it is."""
    return INDEX_TYPES[0] if "manifests" in document else IMAGE_TYPES[0] if "layers" in document else "unknown"


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and is_digest(value)


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None

"""Small factories of manifests, with the digests they have."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from promokit.image import Digest
from promokit.registry.manifest import IMAGE_TYPES, INDEX_TYPES

COMMIT = "c0ffee" + "0" * 34
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER = {
    "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
    "digest": "sha256:" + "0" * 64,
    "size": 5,
}
LINUX_AMD64 = {"os": "linux", "architecture": "amd64"}
LINUX_ARM64 = {"os": "linux", "architecture": "arm64", "variant": "v8"}
UNKNOWN = {"os": "unknown", "architecture": "unknown"}


def bytes_of(document: object) -> bytes:
    return json.dumps(document, indent=1).encode()


def digest_of(content: bytes) -> Digest:
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def config(**more: Any) -> bytes:
    return bytes_of({"os": "linux", "architecture": "amd64", "config": {"Labels": {}}, **more})


def image(config_content: bytes | None = None, **more: Any) -> bytes:
    content = config() if config_content is None else config_content
    described = {"mediaType": CONFIG_TYPE, "digest": str(digest_of(content)), "size": len(content)}
    head = {"schemaVersion": 2, "mediaType": IMAGE_TYPES[0]}
    return bytes_of({**head, "config": described, "layers": [LAYER], **more})


def child(content: bytes, platform: dict[str, str] | None, **more: Any) -> dict[str, Any]:
    entry = {"mediaType": IMAGE_TYPES[0], "digest": str(digest_of(content)), "size": len(content), **more}
    return entry if platform is None else {**entry, "platform": platform}


def index(*children: dict[str, Any], **more: Any) -> bytes:
    return bytes_of({"schemaVersion": 2, "mediaType": INDEX_TYPES[0], "manifests": list(children), **more})

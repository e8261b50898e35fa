"""Small real images, pushed to a real registry by the Distribution API."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import requests
from attrs import frozen

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


@frozen
class Pushed:
    """What was pushed: its digest and exact bytes."""

    digest: str
    content: bytes


def push_image(url: str, repository: str, tag: str | None, text: str = "app", platform: str = "linux/amd64") -> Pushed:
    """An image of one platform; `text` makes it another image. Without a tag it's pushed by its digest."""
    system, architecture = platform.split("/")
    rootfs = {"type": "layers", "diff_ids": [_digest(text.encode())]}
    config = json.dumps({"os": system, "architecture": architecture, "rootfs": rootfs}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _blob(url, repository, config, _CONFIG),
        "layers": [_blob(url, repository, text.encode(), _LAYER)],
    }
    return _push(url, repository, tag, manifest)


def push_index(
    url: str,
    repository: str,
    tag: str | None,
    text: str = "app",
    platforms: Sequence[str] = ("linux/amd64", "linux/arm64"),
) -> Pushed:
    """An index of one image a platform."""
    entries = []
    for platform in platforms:
        system, architecture = platform.split("/")
        image = push_image(url, repository, None, text, platform)
        entry = {"mediaType": MANIFEST, "digest": image.digest, "size": len(image.content)}
        entries.append({**entry, "platform": {"os": system, "architecture": architecture}})
    return _push(url, repository, tag, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})


def _push(url: str, repository: str, tag: str | None, manifest: dict[str, Any]) -> Pushed:
    content = json.dumps(manifest, indent=2).encode()
    digest = _digest(content)
    target = f"{url}/v2/{repository}/manifests/{tag or digest}"
    _send("PUT", target, content, manifest["mediaType"]).raise_for_status()
    return Pushed(digest, content)


def _blob(url: str, repository: str, content: bytes, media_type: str) -> dict[str, Any]:
    begun = _send("POST", f"{url}/v2/{repository}/blobs/uploads/", b"", media_type)
    begun.raise_for_status()
    digest = _digest(content)
    joined = "&" if "?" in begun.headers["Location"] else "?"
    target = f"{begun.headers['Location']}{joined}digest={digest}"
    _send("PUT", target, content, "application/octet-stream").raise_for_status()
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def _send(method: str, url: str, content: bytes, media_type: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, data=content, headers={"Content-Type": media_type}, timeout=10)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"

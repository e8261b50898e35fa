"""The real registry behind the ECR double, through the Distribution API."""

import hashlib
import json
import threading
from collections.abc import Mapping
from typing import Any

import requests
from attrs import frozen

_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_TIMEOUT = 10.0  # seconds


@frozen
class Stored:
    """One manifest as the registry keeps it: the exact bytes, their type and their digest."""

    digest: str
    media_type: str
    content: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The manifest, parsed."""
        parsed: dict[str, Any] = json.loads(self.content)
        return parsed

    @property
    def children(self) -> tuple[str, ...]:
        """The digests that an index lists; none for an image's own manifest."""
        return tuple(entry["digest"] for entry in self.document.get("manifests", ()))


class RefusedByRegistry(Exception):
    """The registry's error code for a manifest that it didn't take, such as MANIFEST_BLOB_UNKNOWN."""


class Registry:
    """Reads and writes manifests and tags; a digest's bytes never change, so they are read once."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._sessions = threading.local()
        self._stored: dict[tuple[str, str], Stored] = {}

    def tags(self, repository: str) -> list[str]:
        """Every tag, sorted; none where the registry hasn't got the repository."""
        found: list[str] = []
        path: str | None = f"/v2/{repository}/tags/list?n=1000"
        while path:
            answer = self._call("GET", path)
            if answer.status_code == 404:
                return []
            answer.raise_for_status()
            found += answer.json().get("tags") or []
            path = answer.links.get("next", {}).get("url")
        return sorted(found)

    def digest_of(self, repository: str, tag: str) -> str | None:
        """The digest that a tag means now; None where there is no such tag."""
        answer = self._call("HEAD", f"/v2/{repository}/manifests/{tag}", {"Accept": ", ".join(_TYPES)})
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return answer.headers["Docker-Content-Digest"]

    def manifest(self, repository: str, digest: str) -> Stored | None:
        """The manifest with this digest, or None."""
        known = self._stored.get((repository, digest))
        if known:
            return known
        answer = self._call("GET", f"/v2/{repository}/manifests/{digest}", {"Accept": ", ".join(_TYPES)})
        if answer.status_code in {400, 404}:
            return None
        answer.raise_for_status()
        stored = Stored(digest_of(answer.content), answer.headers["Content-Type"], answer.content)
        self._stored[repository, digest] = stored
        return stored

    def blob(self, repository: str, digest: str) -> bytes | None:
        """A layer's or config's bytes, or None."""
        answer = self._call("GET", f"/v2/{repository}/blobs/{digest}")
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return answer.content

    def put(self, repository: str, reference: str, content: bytes, media_type: str) -> None:
        """Stores a manifest under a tag or its digest; RefusedByRegistry where what it names isn't there."""
        path = f"/v2/{repository}/manifests/{reference}"
        answer = self._call("PUT", path, {"Content-Type": media_type}, content)
        if answer.status_code == 400:
            raise RefusedByRegistry(answer.json()["errors"][0]["code"])
        answer.raise_for_status()

    def _call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> requests.Response:
        url = path if path.startswith("http") else self._url + path
        return self._session().request(method, url, headers=headers, data=body, timeout=_TIMEOUT)

    def _session(self) -> requests.Session:
        if not hasattr(self._sessions, "session"):
            self._sessions.session = requests.Session()
            self._sessions.session.trust_env = False  # No proxy stands before a loopback registry.
        session: requests.Session = self._sessions.session
        return session


def digest_of(content: bytes) -> str:
    """The digest of these bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"

"""A registry of tags over a real socket: says which digest a tag means, and hands out a manifest of each."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from attrs import define, field

from promokit.image import Digest, ImageRef
from promokit.registry.manifest import REVISION

TYPE = "application/vnd.oci.image.index.v1+json"


@define(eq=False)
class RegistryServer:
    """`add` makes an image of some name; `images` are manifests by digest, `tags` digests by tag.

    `open` says whether it lets anybody in; `silent_seconds` how long it says nothing before each answer.
    """

    open: bool = True
    images: dict[str, bytes] = field(factory=dict)
    tags: dict[str, str] = field(factory=dict)
    silent_seconds: float = 0.0
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> RegistryServer:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"registry": self}))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def repository(self) -> str:
        assert self._server is not None
        return f"127.0.0.1:{self._server.server_address[1]}/app"

    def add(self, tag: str, revision: str = "") -> ImageRef:
        """Return the image of a new tag, pinned; it says that it was built from `revision` if one is told."""
        platform = {"architecture": "amd64", "os": "linux"}
        child = {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": "sha256:" + hashlib.sha256(tag.encode()).hexdigest(),
            "size": 1,
            "platform": platform,
        }
        index: dict[str, Any] = {"schemaVersion": 2, "mediaType": TYPE, "manifests": [child]}
        if revision:
            index["annotations"] = {REVISION: revision}
        content = json.dumps(index).encode()
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        self.images[digest], self.tags[tag] = content, digest
        return ImageRef.parse(f"{self.repository}:{tag}").with_(digest=Digest(digest))


class _Handler(BaseHTTPRequestHandler):
    registry: RegistryServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the tests' output clean."""

    def do_GET(self) -> None:
        time.sleep(self.registry.silent_seconds)
        wanted = self.path.partition("?")[0].rpartition("/")[2]
        digest = self.registry.tags.get(wanted, wanted)
        content = self.registry.images.get(digest)
        if not self.registry.open:
            self._answer(403, b"{}")
        elif wanted == "list":
            self._answer(200, json.dumps({"name": "app", "tags": list(self.registry.tags)}).encode())
        elif content is None:
            self._answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
        else:
            self._answer(200, content, digest)

    do_HEAD = do_GET

    def _answer(self, status: int, body: bytes, digest: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", TYPE if digest else "application/json")
        self.send_header("Content-Length", str(len(body)))
        if digest:
            self.send_header("Docker-Content-Digest", digest)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

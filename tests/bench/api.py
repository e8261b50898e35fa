"""An API server as the harness sees it, apart from the programs that it measures: one connection a user."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]


class Api:
    """One connection, with a kubeconfig's client certificate. Not for several threads at once."""

    def __init__(self, kubeconfig: Path, context: str) -> None:
        said = json.loads(kubeconfig.read_text())
        cluster = next(each["cluster"] for each in said["clusters"] if each["name"] == context)
        user = next(each["user"] for each in said["users"] if each["name"] == context)
        self._address = urlsplit(cluster["server"]).netloc
        self._tls = ssl.create_default_context(cadata=_decoded(cluster["certificate-authority-data"]))
        with tempfile.NamedTemporaryFile("w") as both:
            both.write(_decoded(user["client-certificate-data"]) + _decoded(user["client-key-data"]))
            both.flush()
            self._tls.load_cert_chain(both.name)
        self._connection = self._connected()

    def get(self, path: str) -> Json:
        """Read an object or a list."""
        return self._call("GET", path)

    def post(self, path: str, body: Json) -> Json:
        """Create an object."""
        return self._call("POST", path, body)

    def patch(self, path: str, body: Json) -> Json:
        """Change an object by a strategic merge."""
        return self._call("PATCH", path, body, "application/strategic-merge-patch+json")

    def delete(self, path: str) -> None:
        """Delete an object or all of a list, with what they own."""
        self._call("DELETE", path, {"propagationPolicy": "Background"})

    def watch(self, path: str, version: str) -> Iterator[Json]:
        """Yield what changes after a version, for ten minutes or until closed."""
        query = f"watch=true&resourceVersion={version}&timeoutSeconds=600"
        self._connection.request("GET", f"{path}?{query}", headers={"User-Agent": "bench"})
        answer = self._connection.getresponse()
        while line := answer.readline():
            yield json.loads(line)

    def close(self) -> None:
        """End the connection, also from another thread that isn't the one that waits."""
        if self._connection.sock:
            with contextlib.suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)
            self._connection.sock.close()

    def _connected(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._address, timeout=600, context=self._tls)

    def _call(self, method: str, path: str, body: Json | None = None, kind: str = "application/json") -> Json:
        headers = {"Content-Type": kind, "Accept": "application/json", "User-Agent": "bench"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"HTTP {answer.status} to {method} {path}: {text[:500].decode(errors='replace')}")
        said: Json = json.loads(text)
        return said


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()

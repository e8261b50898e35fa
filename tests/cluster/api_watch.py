"""The watches of the tests' API server: resumed from a version, or beginning with the list; bookmarks; cuts."""

from __future__ import annotations

import json
import socket
import time
from http.server import BaseHTTPRequestHandler

from tests.cluster.api_server import ApiServer, Json
from tests.cluster.selectors import selected


class Watched(Exception):
    """A watch has ended; its answer is sent already."""


class WatchHandler(BaseHTTPRequestHandler):
    """Answers the watches of one server."""

    api: ApiServer

    def watch(self, namespace: str, resource: str, query: dict[str, str]) -> bytes:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with self.api.changed:
            begun = self.api.ends
            self.api.watching.append(begun)
            try:
                self._stream(namespace, resource, query, begun)
            finally:
                self.api.watching.remove(begun)
                self.api.changed.notify_all()
        self.wfile.write(b"0\r\n\r\n")
        raise Watched

    def _stream(self, namespace: str, resource: str, query: dict[str, str], begun: int) -> None:
        until = time.monotonic() + float(query["timeoutSeconds"])
        if "sendInitialEvents" in query:
            seen = self._send_list(namespace, resource, query)
        else:
            seen = int(query["resourceVersion"])
        while time.monotonic() < until and not self.api.closed.is_set():
            if seen < self.api.compacted:
                self._send("ERROR", {"kind": "Status", "code": 410, "message": "too old resource version"})
                return
            for version, key, kind, told in self.api.history:
                if version > seen and (not any(key) or (key[:2] == (namespace, resource) and selected(told, query))):
                    self._send(kind, told)
                    seen = version
            if self.api.ends != begun:
                if self.api.orderly:
                    return
                self.connection.shutdown(socket.SHUT_RDWR)
                raise Watched
            self.api.changed.wait(0.5)

    def _send_list(self, namespace: str, resource: str, query: dict[str, str]) -> int:
        items, version = self.api.listed(namespace, resource)
        for each in items:
            if selected(each, query):
                self._send("ADDED", each)
        annotations = {"k8s.io/initial-events-end": "true"} if self.api.ends_lists else {}
        self._send("BOOKMARK", {"metadata": {"resourceVersion": str(version), "annotations": annotations}})
        return version

    def _send(self, kind: str, body: Json) -> None:
        line = json.dumps({"type": kind, "object": body}).encode() + b"\n"
        try:
            self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        except OSError as error:
            self.close_connection = True
            raise Watched from error

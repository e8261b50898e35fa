"""The HTTP side of the tests' API server: verbs, JSON patch, pages, and the faults that a test asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.cluster.api_server import RESOURCES, Answer, ApiServer, Call, Fault, Json, Key
from tests.cluster.api_watch import Watched, WatchHandler
from tests.cluster.json_patch import patched
from tests.cluster.selectors import selected

_PATH = re.compile(r"/apis?/(?:[^/]+/)?v1/namespaces/([^/]+)/([^/]+)(?:/([^/]+))?(/log)?")


def handler(server: ApiServer) -> type[BaseHTTPRequestHandler]:
    """Return the handler class of one server."""
    return type("Handler", (_Handler,), {"api": server})


class _Handler(WatchHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the tests' output clean."""

    def setup(self) -> None:
        super().setup()
        with self.api.changed:
            self.api.connections += 1

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def _serve(self) -> None:
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.api.calls.append(Call(self.command, url.path, query, self.headers.get("Authorization", "")))
        if self.api.closed.is_set():
            self.close_connection = True
            return
        if fault := self._fault(url.path):
            self._fail(fault)
            return
        try:
            self._answer(200, self._answered(url.path, query, json.loads(body or b"null")))
        except Answer as error:
            told = {"kind": "Status", "code": error.status, "message": str(error)}
            self._answer(error.status, json.dumps(told).encode())
        except Watched:
            pass

    def _fault(self, path: str) -> Fault | None:
        with self.api.changed:
            for each in self.api.faults:
                if each.times > 0 and each.method in {"", self.command} and re.search(each.path, path):
                    if each.after > 0:
                        each.after -= 1
                        continue
                    each.times -= 1
                    return each
        return None

    def _fail(self, fault: Fault) -> None:
        if fault.silent:
            self.api.closed.wait(10)
            self.close_connection = True
        elif fault.dropped:
            self.close_connection = True
        elif fault.broken:
            self.send_response(fault.status)
            self.send_header("Content-Length", str(len(fault.body) + 10))
            self.end_headers()
            self.wfile.write(fault.body)
            self.close_connection = True
        else:
            self._answer(fault.status, fault.body, fault.headers)

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answered(self, path: str, query: dict[str, str], body: Any) -> bytes:
        if path.endswith("/selfsubjectreviews"):
            return b'{"status": {"userInfo": {"username": "system:tester"}}}'
        if path == "/api/v1/nodes":
            return self._list("", "nodes", query)
        match = _PATH.fullmatch(path)
        if match is None or match[2] not in RESOURCES:
            raise Answer(404, "the server could not find the requested resource")
        namespace, resource, name, log = match.groups()
        if log:
            return self._log(name, query)
        if self.command == "GET" and name is None:
            return self._asked_all(namespace, resource, query)
        key = (namespace, resource, name or body["metadata"]["name"])
        with self.api.changed:
            return json.dumps(self._one(key, body)).encode()

    def _one(self, key: Key, body: Any) -> Json:
        there = self.api.objects.get(key)
        if self.command == "POST":
            if there is not None:
                raise Answer(409, f'{key[1]} "{key[2]}" already exists')
            return self.api.write(key, body)
        if there is None:
            raise Answer(404, f'{key[1]} "{key[2]}" not found')
        if self.command == "GET":
            return there
        if self.command == "PATCH":
            return self.api.write(key, patched(there, body))
        if body["metadata"].get("resourceVersion") not in {None, there["metadata"]["resourceVersion"]}:
            raise Answer(409, "the object has been modified; please apply your changes to the latest version")
        return self.api.write(key, body)

    def _log(self, pod: str, query: dict[str, str]) -> bytes:
        name = f"{pod}/{query['container']}" + ("/previous" if query.get("previous") == "true" else "")
        if name not in self.api.logs:
            raise Answer(404, "no log")
        return self.api.logs[name].encode()

    def _asked_all(self, namespace: str, resource: str, query: dict[str, str]) -> bytes:
        if "watch" not in query:
            return self._list(namespace, resource, query)
        if "sendInitialEvents" in query and not self.api.streams_lists:
            raise Answer(422, "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")
        return self.watch(namespace, resource, query)

    def _list(self, namespace: str, resource: str, query: dict[str, str]) -> bytes:
        items, version = self.api.listed(namespace, resource)
        items = [each for each in items if selected(each, query)]
        start = int(query.get("continue") or 0)
        end = start + int(query.get("limit", len(items)))
        meta = {"resourceVersion": str(version), **({"continue": str(end)} if end < len(items) else {})}
        return json.dumps({"metadata": meta, "items": items[start:end]}).encode()

"""A cluster's API, spoken to as its administrator over one connection: for what kubectl takes seconds to do."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

from tests.lab.errors import LabError
from tests.lab.layout import Cluster

RESTART_SECONDS = 20
_STARTING = {429, 503}
_JSON = {"Accept": "application/json"}


class Api:
    """One connection to a cluster's API server. Not for several threads at once."""

    def __init__(self, cluster: Cluster) -> None:
        pki = cluster.run / "pki"
        context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        self._connection = http.client.HTTPSConnection("127.0.0.1", cluster.port(6443), timeout=60, context=context)
        self._name = cluster.name
        self.resource_of = functools.cache(self._resource_of)

    def is_ready(self) -> bool:
        """Whether the server says that it's ready. OSError where it doesn't answer yet."""
        self._connection.request("GET", "/readyz")
        answer = self._connection.getresponse()
        return answer.read() == b"ok" and answer.status == 200

    def get(self, path: str) -> dict[str, Any]:
        """Read an object or a list. LabError where the server refuses or the object isn't there."""
        return self._call("GET", path)

    def delete(self, path: str, grace_seconds: int | None = None) -> None:
        """Delete an object or all of a list, with what it owns; not found is fine."""
        options = {} if grace_seconds is None else {"gracePeriodSeconds": grace_seconds}
        self._call("DELETE", path, json.dumps({"propagationPolicy": "Background", **options}), missing_is_fine=True)

    def apply(self, wanted: dict[str, Any]) -> None:
        """Apply an object on the server's side; an unknown field is an error."""
        metadata = wanted["metadata"]
        prefix, plural, namespaced = self.resource_of(wanted["apiVersion"], wanted["kind"])
        where = f"/namespaces/{metadata['namespace']}" if namespaced else ""
        query = "fieldManager=kubectl&fieldValidation=Strict&force=true"
        path = f"{prefix}{where}/{plural}/{metadata['name']}?{query}"
        self._call("PATCH", path, json.dumps(wanted), kind="application/apply-patch+yaml")

    def create(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Create an object, as the server then has it."""
        prefix, plural, namespaced = self.resource_of(wanted["apiVersion"], wanted["kind"])
        where = f"/namespaces/{wanted['metadata']['namespace']}" if namespaced else ""
        return self._call("POST", f"{prefix}{where}/{plural}", json.dumps(wanted))

    def patch(self, path: str, patch: dict[str, Any]) -> dict[str, Any]:
        """Change an object by a strategic merge patch; as the server then has it."""
        return self._call("PATCH", path, json.dumps(patch), kind="application/strategic-merge-patch+json")

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post to a path that isn't a collection, such as a pod's eviction."""
        return self._call("POST", path, json.dumps(body))

    def watch(self, path: str, version: str) -> Iterator[dict[str, Any]]:
        """Yield a collection's events after a version, until the connection is closed. It is taken by this alone."""
        self._connection.request("GET", f"{path}?watch=true&resourceVersion={version}", headers=_JSON)
        answer = self._connection.getresponse()
        while line := answer.readline():
            yield json.loads(line)

    def close(self) -> None:
        """Close the connection, whoever waits on it."""
        if self._connection.sock:
            with contextlib.suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _resource_of(self, version: str, kind: str) -> tuple[str, str, bool]:
        """A kind's path prefix, plural and whether it's in a namespace, as the server's discovery says."""
        prefix = f"/apis/{version}" if "/" in version else f"/api/{version}"
        for each in self.get(prefix)["resources"]:
            if each["kind"] == kind and "/" not in each["name"]:
                return prefix, each["name"], each["namespaced"]
        raise LabError(f"{self._name} knows no {version} {kind}.", "look at the manifest's apiVersion and kind.")

    def _answered(self, *asked: Any) -> tuple[http.client.HTTPResponse, bytes]:
        """Ask again where the connection was idle for too long, or the server is being restarted."""
        until = time.monotonic() + RESTART_SECONDS
        while True:
            try:
                self._connection.request(*asked)
                answer = self._connection.getresponse()
                text = answer.read()
                if answer.status not in _STARTING or time.monotonic() > until:
                    return answer, text
            except (OSError, http.client.HTTPException):
                self._connection.close()
                if time.monotonic() > until:
                    raise
            time.sleep(0.1)

    def _call(
        self,
        method: str,
        path: str,
        body: str | None = None,
        *,
        kind: str = "application/json",
        missing_is_fine: bool = False,
    ) -> dict[str, Any]:
        answer, text = self._answered(method, path, body, {"Content-Type": kind, **_JSON})
        if answer.status >= 300 and not (answer.status == 404 and missing_is_fine):
            what = f"{self._name} answered {answer.status} to {method} {path}: {text[:1000].decode(errors='replace')}"
            raise LabError(what, "see the API server's answer.")
        said: dict[str, Any] = json.loads(text)
        return said

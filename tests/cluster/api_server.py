"""An API server of a few resources for tests: real sockets, real conflicts, watches and pages, no cluster behind it."""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Callable, Mapping
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any

from attrs import define, field, frozen

from promokit.cluster.namespace import GROUPS, Namespace
from promokit.cluster.transport import Transport

Json = dict[str, Any]
Key = tuple[str, str, str]


MAY_NOT = (
    b'{"message": "it is forbidden: User \\"alice\\" cannot do resource \\"things\\" in API group \\"\\",'
    b' as the test asked"}'
)
"""As RBAC says no."""


@define
class Fault:
    """What the next `times` matching requests get for an answer, once `after` have passed."""

    status: int = 500
    method: str = ""
    path: str = ""
    times: int = 1
    after: int = 0
    body: bytes = b'{"message": "as the test asked"}'
    headers: Mapping[str, str] = field(factory=dict)
    silent: bool = False
    broken: bool = False
    dropped: bool = False


@frozen
class Call:
    """A request that came."""

    method: str
    path: str
    query: Mapping[str, str]
    authorization: str


class Answer(Exception):
    """An HTTP status and its message, as the API server says it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@define(eq=False)
class ApiServer:
    """Objects by namespace, resource and name; every write has a new resourceVersion and is seen by the watches.

    `reactions` stand for controllers: each is called with the key of what was written, in the writer's request.
    `streams_lists` is whether it has the streaming list; without `ends_lists` it never says that one is complete.
    """

    objects: dict[Key, Json] = field(factory=dict)
    calls: list[Call] = field(factory=list)
    faults: list[Fault] = field(factory=list)
    logs: dict[str, str] = field(factory=dict)
    reactions: list[Callable[[Key], None]] = field(factory=list)
    history: list[tuple[int, Key, str, Json]] = field(factory=list)
    changed: threading.Condition = field(factory=threading.Condition)
    closed: threading.Event = field(factory=threading.Event)
    compacted: int = 0
    ends: int = 0
    orderly: bool = False
    watching: list[int] = field(factory=list)
    connections: int = 0
    streams_lists: bool = True
    ends_lists: bool = True
    _versions: itertools.count[int] = field(factory=lambda: itertools.count(101))
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> ApiServer:
        from tests.cluster.api_handler import handler

        self._server = _Server(("127.0.0.1", 0), handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._server is not None
        self.closed.set()
        with self.changed:
            self.changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def namespace(self, name: str = "credreg-test") -> Namespace:
        """Return a namespace of this server, by a connection pool of its own."""
        import urllib3

        return Namespace(Transport(self.url, urllib3.PoolManager(maxsize=8), lambda renew: "Bearer good"), name)

    def fail(self, status: int = 500, **settings: Any) -> None:
        """Let the next matching requests fail."""
        self.faults.append(Fault(status, **{**({"body": MAY_NOT} if status == 403 else {}), **settings}))

    def put(self, resource: str, name: str, body: Json, namespace: str = "credreg-test") -> Json:
        """Write an object, as somebody else would."""
        return self.write((namespace, resource, name), body)

    def get(self, resource: str, name: str, namespace: str = "credreg-test") -> Json:
        return self.objects[namespace, resource, name]

    def delete(self, resource: str, name: str, namespace: str = "credreg-test") -> None:
        with self.changed:
            gone = self.objects.pop((namespace, resource, name))
            self._tell((namespace, resource, name), "DELETED", gone)

    def end_watches(self, *, orderly: bool = False) -> None:
        """End every watch that is open, in order or by breaking it off, and wait until they are."""
        with self.changed:
            self.ends += 1
            self.orderly = orderly
            self.changed.notify_all()
            self.changed.wait_for(lambda: all(begun == self.ends for begun in self.watching), 5)

    def bookmark(self) -> int:
        """Tell every watch a version that nothing happened up to, and return it."""
        with self.changed:
            version = next(self._versions)
            told = {"kind": "", "metadata": {"resourceVersion": str(version)}}
            self.history.append((version, ("", "", ""), "BOOKMARK", told))
            self.changed.notify_all()
            return version

    def compact(self) -> None:
        """Forget the history, as etcd does: who resumes from before it gets 410 Gone."""
        with self.changed:
            self.compacted = next(self._versions)

    def write(self, key: Key, body: Json) -> Json:
        with self.changed:
            before = self.objects.get(key)
            new = copy.deepcopy(body)
            meta = new.setdefault("metadata", {})
            meta.update(name=key[2], namespace=key[0])
            meta["uid"] = before["metadata"]["uid"] if before else meta.get("uid", f"{key[2]}-uid")
            if not meta.get("annotations"):
                meta.pop("annotations", None)  # an empty map isn't kept
            if before is None or before.get("spec") != new.get("spec"):
                meta["generation"] = (before["metadata"]["generation"] if before else 0) + 1
            self._tell(key, "MODIFIED" if before else "ADDED", new)
            self.objects[key] = new
            for react in self.reactions:
                react(key)
            return copy.deepcopy(self.objects[key])

    def listed(self, namespace: str, resource: str) -> tuple[list[Json], int]:
        with self.changed:
            found = [each for key, each in sorted(self.objects.items()) if key[:2] == (namespace, resource)]
            return copy.deepcopy(found), self._now()

    def _now(self) -> int:
        return max([self.compacted, 100, *(each[0] for each in self.history)])

    def _tell(self, key: Key, kind: str, body: Json) -> None:
        version = next(self._versions)
        body["metadata"]["resourceVersion"] = str(version)
        told = {**copy.deepcopy(body), "kind": KINDS.get(key[1], "")}
        self.history.append((version, key, kind, told))
        self.changed.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is no news."""


KINDS = {
    "deployments": "Deployment",
    "replicasets": "ReplicaSet",
    "pods": "Pod",
    "events": "Event",
    "jobs": "Job",
}
RESOURCES = frozenset(GROUPS)

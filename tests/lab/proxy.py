"""A TLS proxy in front of a cluster's API server, on loopback: it passes on what comes until it is told to trouble.

The caller is known by a bearer token that the proxy itself checks; to the API server it speaks as the administrator.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from attrs import define, field, frozen

from tests.lab.layout import Cluster

_OWN = {"host", "authorization", "connection", "content-length", "transfer-encoding"}
"""Headers that are between two neighbours."""


@frozen
class Refusal:
    """An answer that the API server itself would give in such trouble."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


@frozen
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)

    @property
    def watches(self) -> bool:
        """Whether it is a watch."""
        return self.query.get("watch") == "true"

    @property
    def resumes(self) -> bool:
        """Whether it is a watch that goes on from a version."""
        return self.watches and "sendInitialEvents" not in self.query


class Gate:
    """What happens to a request on its way, and to its answer. Called in the request's own thread, so it may wait."""

    def arrived(self, asked: Asked) -> None:
        """A request has come whole; it goes on once this returns."""

    def answered(self, asked: Asked, status: int) -> bool:
        """The API server has answered; the answer goes on where this says so, else the connection breaks off."""
        del asked, status
        return True


UNAUTHORIZED = Refusal(
    401, b'{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","code":401}'
)


@define(eq=False)
class _Watch:
    """A watch that passes through. `cut`: it ends with these words, or breaks off where there are none."""

    upstream: http.client.HTTPSConnection
    cut: bytes | None = None

    def end(self, last_words: bytes) -> None:
        self.cut = last_words
        if self.upstream.sock:
            with contextlib.suppress(OSError):
                self.upstream.sock.shutdown(2)


@define(eq=False)
class Proxy:
    """`token` is the only one that is let in. `hits` counts the watches that were ended and the requests refused."""

    cluster: Cluster
    token: str = "token-0"
    gate: Gate = field(factory=Gate)
    hits: int = 0
    asked: list[Asked] = field(factory=list)
    _watches: set[_Watch] = field(factory=set)
    _owed: Callable[[Asked], Refusal | None] = lambda asked: None
    _paid: set[str] = field(factory=set)
    _lock: threading.Lock = field(factory=threading.Lock)
    _server: Any = None

    @contextlib.contextmanager
    def running(self) -> Iterator[Proxy]:
        """Listen until the end of the block."""
        self._server = _Server(self)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._pki("apiserver.crt"), self._pki("apiserver.key"))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()
            self.end_watches(count=False)

    @property
    def url(self) -> str:
        """Where it listens; its certificate is the API server's."""
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def end_watches(self, last_words: bytes = b"", *, count: bool = True) -> None:
        """End each watch that is open: in order, after a last line, or by breaking it off where there is none."""
        with self._lock:
            watches = list(self._watches)
            self.hits += len(watches) if count else 0
        for watch in watches:
            watch.end(last_words)

    def refuse_once(self, owed: Callable[[Asked], Refusal | None]) -> None:
        """Give the next request to each path that answer, where there is one."""
        with self._lock:
            self._owed = owed
            self._paid.clear()

    def refusal(self, asked: Asked, authorization: str) -> Refusal | None:
        """Return what a request is refused by, if it is."""
        with self._lock:
            self.asked.append(asked)
            found = UNAUTHORIZED if authorization != f"Bearer {self.token}" else None
            if found is None and asked.path not in self._paid and (found := self._owed(asked)):
                self._paid.add(asked.path)
            self.hits += found is not None
            return found

    @contextlib.contextmanager
    def upstream(self, asked: Asked) -> Iterator[_Watch]:
        """Yield a connection to the API server itself; a watch's is kept in mind as long as it is open."""
        context = ssl.create_default_context(cafile=self._pki("ca.crt"))
        context.load_cert_chain(self._pki("admin.crt"), self._pki("admin.key"))
        connection = http.client.HTTPSConnection("127.0.0.1", self.cluster.port(6443), timeout=60, context=context)
        watch = _Watch(connection)
        if asked.watches:
            with self._lock:
                self._watches.add(watch)
        try:
            yield watch
        finally:
            with self._lock:
                self._watches.discard(watch)
            connection.close()

    def _pki(self, name: str) -> str:
        return str(self.cluster.run / "pki" / name)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _passed_on(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, url.path, query, body)
        if refusal := self.server.proxy.refusal(asked, self.headers.get("Authorization", "")):
            self._refuse(refusal)
            return
        self.server.proxy.gate.arrived(asked)
        with self.server.proxy.upstream(asked) as watch:
            try:
                self._stream(watch, asked)
            except (OSError, ValueError, http.client.HTTPException):  # either side broke off
                watch.cut = watch.cut or b""
            self._end(watch.cut)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _passed_on

    def _refuse(self, refusal: Refusal) -> None:
        self.send_response(refusal.status)
        for name, value in refusal.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(refusal.body)))
        self.end_headers()
        self.wfile.write(refusal.body)

    def _stream(self, watch: _Watch, asked: Asked) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
        watch.upstream.request(self.command, self.path, asked.body or None, headers)
        answer = watch.upstream.getresponse()
        if not self.server.proxy.gate.answered(asked, answer.status):
            watch.cut = b""
            return
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OWN:
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while part := answer.read1(65536):
            self._write(part)

    def _write(self, part: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))

    def _end(self, cut: bytes | None) -> None:
        """End an answer in order, but for what was cut without last words: the connection is closed then."""
        if cut == b"":
            self.close_connection = True
            return
        with contextlib.suppress(OSError):
            if cut:
                self._write(cut)
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

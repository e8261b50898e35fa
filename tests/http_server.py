"""A small HTTP server on a real socket, which answers as a function says and keeps what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit


class Asked(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """What to answer; status 0 closes the connection without an answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


Respond = Callable[[Asked], Answer]


class Server:
    """`url` is where it listens, `asked` what came, in order."""

    def __init__(self, respond: Respond) -> None:
        self.asked: list[Asked] = []
        self._respond = respond
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else a kept connection waits 40 ms for each answer

            def _answer(self) -> None:
                asked = self._asked()
                server.asked.append(asked)
                answer = server._respond(asked)
                if answer.status == 0:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if self.command != "HEAD" and answer.status != 304:
                    self.wfile.write(answer.body)

            do_GET = do_HEAD = do_POST = do_PUT = _answer

            def _asked(self) -> Asked:
                url = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                return Asked(self.command, url.path, query, dict(self.headers), body)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.host = f"127.0.0.1:{self._http.server_address[1]}"
        self.url = f"http://{self.host}"

    @contextmanager
    def running(self) -> Iterator[Server]:
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            thread.join()
            self._http.server_close()

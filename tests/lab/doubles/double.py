"""A running double: a service's answers and the control calls of a test, behind one loopback socket."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Self

from tests.lab.doubles.faults import Faults
from tests.lab.doubles.http import Server
from tests.lab.doubles.messages import Request, Response, Route, Routes, json_response


class Double(ABC):
    """A context manager: serves from `__enter__` to `__exit__`, on a free port unless told which."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self.faults = Faults()
        self._calls: list[dict[str, Any]] = []
        self._address = (host, port)
        self._control = Routes([*_common_control(self), *self.control()])

    @property
    def url(self) -> str:
        """The address of the running server, without a slash at the end."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What was asked and what was answered, control calls left out, oldest first."""
        return list(self._calls)

    def control(self) -> Sequence[Route]:
        """The double's own routes under /_lab/."""
        return ()

    def reset(self) -> None:
        """Forgets faults and the journal; a double adds its own state."""
        self.faults.clear()
        self._calls.clear()

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """The answer to a call of the service that this stands for."""

    def note(self, request: Request, response: Response) -> dict[str, Any]:
        """The journal's line for a call."""
        return {"method": request.method, "path": request.target, "status": response.status}

    def respond(self, request: Request) -> Response:
        """Control calls to the control routes, everything else to the service."""
        if request.path.startswith("/_lab/"):
            return self._controlled(request)
        response = self.answer(request)
        self._calls.append(self.note(request, response))
        return response

    def _controlled(self, request: Request) -> Response:
        try:
            answer = self._control.answer(request)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return json_response({"error": f"{type(error).__name__}: {error}"}, HTTPStatus.BAD_REQUEST)
        return answer or json_response({"error": f"no such control: {request.path}"}, HTTPStatus.NOT_FOUND)

    def __enter__(self) -> Self:
        self._server = Server(self._address, self.respond)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join()


def _common_control(double: Double) -> list[Route]:
    return [
        ("GET", "/_lab/health", lambda _: json_response({"ok": True})),
        ("GET", "/_lab/calls", lambda _: json_response({"calls": double.calls})),
        ("POST", "/_lab/reset", lambda _: _done(double.reset)),
        ("POST", "/_lab/fail", lambda request: _done(lambda: double.faults.add(request.json()))),
    ]


def _done(act: Callable[[], None]) -> Response:
    act()
    return json_response({"ok": True})

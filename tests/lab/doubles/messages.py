"""What goes over a double's socket: requests, answers, and the routing table between them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from attrs import evolve, field, frozen


@frozen
class Request:
    """One request as it came; header names are lower case, `path` is still percent-encoded."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """Query parameters, decoded; of a repeated one the last."""
        return {name: values[-1] for name, values in self.parameters.items()}

    @property
    def parameters(self) -> dict[str, list[str]]:
        """Query parameters, decoded, with every value."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    def json(self) -> Any:
        """The body as JSON; an empty body is an empty object. ValueError for anything else."""
        return json.loads(self.body) if self.body else {}


@frozen
class Response:
    """One answer; `delay` holds it back for seconds, `drop` closes the connection instead of answering."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(factory=dict)
    delay: float = 0
    drop: bool = False


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body."""
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Response(status, json.dumps(content).encode(), {**kind, **(headers or {})})


def late_or_lost(response: Response, fault: Mapping[str, Any] | None) -> Response:
    """The answer, held back or lost on the way as the fault says (`delay`, `drop`)."""
    if not fault:
        return response
    return evolve(response, delay=float(fault.get("delay", 0)), drop=bool(fault.get("drop")))


Handler = Callable[..., Response]
Route = tuple[str, str, Handler]


class Routes:
    """A routing table: method and a pattern of the whole path; named groups become (decoded) arguments."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = [(method, re.compile(pattern), handler) for method, pattern, handler in routes]

    def answer(self, request: Request) -> Response | None:
        """The first route's answer, or None where none matches."""
        for method, pattern, handler in self._routes:
            if method == request.method and (match := pattern.fullmatch(request.path)):
                return handler(request, **{name: unquote(text) for name, text in match.groupdict().items()})
        return None

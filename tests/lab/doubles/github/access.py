"""Who may ask what: tokens, their permissions, the rate limit, and GitHub's ways to refuse."""

import time

from attrs import define, field

from tests.lab.doubles.github.names import TOKEN
from tests.lab.doubles.messages import Request, Response, json_response

_DOCS = "https://docs.github.com/rest"
_LIMIT = 5000
_ALL = {"actions": "read", "contents": "read", "deployments": "read"}


def error(status: int, message: str, docs: str = _DOCS, **headers: str) -> Response:
    """A basic-error."""
    return json_response({"message": message, "documentation_url": docs, "status": str(status)}, status, headers)


def not_found() -> Response:
    """What GitHub says of what isn't there, and of what may not be seen."""
    return error(404, "Not Found")


@define
class Access:
    """Registered tokens and the one rate limit that they share."""

    tokens: dict[str, dict[str, str]] = field(factory=lambda: {TOKEN: dict(_ALL)})
    remaining: int = _LIMIT
    resets_at: float = field(factory=lambda: time.time() + 3600)

    def register(self, token: str, permissions: dict[str, str] | None) -> None:
        """A token with these permissions, or with every one that the double knows."""
        if not token:
            raise ValueError("a token isn't empty")
        self.tokens[token] = dict(_ALL) if permissions is None else permissions

    def limit(self, remaining: int, reset_in: float) -> None:
        """What is left of the rate limit, and in how many seconds it starts again."""
        self.remaining, self.resets_at = remaining, time.time() + reset_in

    def refusal(self, request: Request, permission: str) -> Response | None:
        """Why this request isn't answered, or None."""
        if not request.headers.get("user-agent"):
            return Response(403, b"Request forbidden: no User-Agent.", {"Content-Type": "text/plain"})
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            return not_found()  # A private repository doesn't show itself to a stranger.
        if scheme.lower() not in {"bearer", "token"} or token not in self.tokens:
            return error(401, "Bad credentials")
        if self._exhausted():
            return error(403, "API rate limit exceeded for installation ID 1.", f"{_DOCS}/rate-limit", **self.headers())
        if permission not in self.tokens[token]:
            return error(403, "Resource not accessible by integration")
        return None

    def count(self) -> None:
        """One request of the rate limit is used up."""
        self._exhausted()
        self.remaining = max(0, self.remaining - 1)

    def headers(self) -> dict[str, str]:
        """The rate limit's headers."""
        return {
            "X-RateLimit-Limit": str(_LIMIT),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(_LIMIT - self.remaining),
            "X-RateLimit-Reset": str(int(self.resets_at)),
            "X-RateLimit-Resource": "core",
        }

    def _exhausted(self) -> bool:
        if time.time() >= self.resets_at:
            self.limit(_LIMIT, 3600)
        return self.remaining <= 0

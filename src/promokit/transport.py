"""One HTTP request, with a timeout and a bounded number of tries. Its caller judges the answer."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from promokit.errors import ConfigError, Unreachable

if TYPE_CHECKING:
    import requests
    from tenacity import RetryCallState

TRIES = 5
LONGEST_WAIT = 60.0
"""Seconds. A server that asks for a longer pause is given up instead of waited for."""
TIMEOUT = (5.0, 30.0)
"""Seconds to connect, and between two pieces of an answer."""

Pause = Callable[["requests.Response"], "float | None"]


def sendable(token: str, what: str, remedy: str) -> str:
    """Return a token if a header may have it (RFC 9110, 5.5), else ConfigError: `what` is which one.

    The error doesn't tell the token, as that of who would send it does.
    """
    if token.isascii() and token.isprintable():
        return token
    raise ConfigError(f"the {what} has a line break or another character that can't be sent", remedy=remedy)


def pause(response: requests.Response) -> float | None:
    """Seconds to wait before the same request again, 0 if the server named none; None: don't repeat it.

    Repeated are 429 and the 5xx that pass by themselves (RFC 9110, 15.6; Retry-After: 10.2.3).
    """
    if response.status_code not in (429, 500, 502, 503, 504):
        return None
    asked = retry_after(response)
    return asked if asked <= LONGEST_WAIT else None


def retry_after(response: requests.Response) -> float:
    """Seconds of the Retry-After header; 0 if it is missing or is a date."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


class Transport:
    """Sends requests over one pool of connections. Not for use by several threads at once."""

    def __init__(self, *, pause: Pause = pause, sleep: Callable[[float], None] = time.sleep) -> None:
        import requests

        self._session = requests.Session()
        self._pause = pause
        self._sleep = sleep

    def send(self, method: str, url: str, *, authorization: str | None = None, **options: Any) -> requests.Response:
        """The last answer, whatever its status; Unreachable when none came. Requests must bear repeating."""
        import requests
        from tenacity import Retrying, retry_if_exception_type, retry_if_result, stop_after_attempt

        passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
        retrying = Retrying(
            retry=retry_if_exception_type(passing) | retry_if_result(lambda answer: self._pause(answer) is not None),
            wait=self._wait,
            stop=stop_after_attempt(TRIES),
            sleep=self._sleep,
            retry_error_callback=_last,
        )
        # Without an `auth` of ours, requests would take one from ~/.netrc over the header.
        options = {"timeout": TIMEOUT, "auth": _Authorization(authorization), **options}
        try:
            answer: requests.Response = retrying(self._session.request, method, url, **options)
        except requests.RequestException as error:
            raise _unreachable(url, error) from None
        return answer

    def _wait(self, state: RetryCallState) -> float:
        asked = 0.0
        if state.outcome is not None and not state.outcome.failed:
            asked = self._pause(state.outcome.result()) or 0.0
        return asked or min(0.25 * 2.0**state.attempt_number, 8.0) * random.uniform(0.5, 1.0)  # noqa: S311


class _Authorization:
    def __init__(self, value: str | None) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value is not None:
            request.headers["Authorization"] = self._value
        return request


def _last(state: RetryCallState) -> Any:
    return state.outcome.result() if state.outcome is not None else None


def _unreachable(url: str, error: Exception) -> Unreachable:
    """Only host and path are told: a query may carry a credential, and so may requests' own message."""
    from requests import exceptions

    host = urlsplit(url).netloc.rpartition("@")[2]
    for kind, what, remedy in (
        (
            exceptions.SSLError,
            "TLS with the server failed",
            "check its certificate, or name its CA in REQUESTS_CA_BUNDLE",
        ),
        (exceptions.ProxyError, "the proxy did not connect", "check HTTPS_PROXY and NO_PROXY"),
        (exceptions.Timeout, "no answer in time", "try again; check the network between here and there"),
        (exceptions.ConnectionError, "no connection", "check the name, the network and any proxy"),
    ):
        if isinstance(error, kind):
            return Unreachable(f"{host}: {what}", where=urlsplit(url).path, remedy=remedy)
    return Unreachable(f"{host}: the request failed ({type(error).__name__})", where=urlsplit(url).path)

"""One request to an API server: authorized, bounded in time, its failures told in words."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from attrs import evolve, frozen

from promokit.errors import NotAccepted, PromokitError, Unreachable
from promokit.transport import sendable

if TYPE_CHECKING:
    import urllib3

Json = dict[str, Any]
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
CONNECT_TRIES = 3


class Away(Unreachable):
    """It can't be reached for now, or broke off."""


class Silent(Away):
    """The connection is there, and nothing has come by it for as long as was waited."""


class ApiError(NotAccepted):
    """The API server answered, and it was not what was asked for. `status` is the HTTP status."""

    def __init__(self, status: int, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.status = status


class Forbidden(Unreachable, ApiError):
    """403 of the authorizer: these credentials may not do that. Whoever may can still ask for it."""


class NotFound(ApiError):
    """404: no such object."""


class Conflict(ApiError):
    """409: somebody else wrote it first, or it exists already."""


class Invalid(ApiError):
    """422: refused as it stands, by a test of a JSON patch, by validation or by an admission policy."""


class Gone(ApiError):
    """410, or a version that this server hasn't reached: there is no going on from this resource version."""


class Busy(Unreachable):
    """429 or 5xx: in trouble for now. `retry_after` is how many seconds the server asks to wait, if it does."""

    def __init__(self, what: str, *, where: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(what, where=where, remedy="run this again")
        self.retry_after = retry_after


_RENEW = "renew it in the kubeconfig, without what was pasted with it"
_UNAUTHORIZED = re.compile(r"\bcannot \w+ (resource|path) \"")
"""How an API server tells who may not do what (apiserver: endpoints/handlers/responsewriters/errors.go). A quota, or an
admission webhook, says 403 in other words."""
_KINDS: Mapping[int, type[ApiError]] = {404: NotFound, 409: Conflict, 410: Gone, 422: Invalid}


@frozen
class Transport:
    """An API server: its address, its connection pool, and what to send as Authorization.

    `authorization` is asked for every request; after a 401 it is given the value that was refused, to make a new one.
    `until` (monotonic seconds) is when nothing is waited for any more.
    """

    host: str
    pool: urllib3.PoolManager
    authorization: Callable[[str | None], str | None]
    until: float = float("inf")

    def within(self, seconds: float) -> Transport:
        """Return the same way for so many seconds from now: what hasn't been answered by then is Away or Silent."""
        return evolve(self, until=min(self.until, time.monotonic() + seconds))

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
        read_seconds: float = READ_SECONDS,
        connect_tries: int = CONNECT_TRIES,
    ) -> urllib3.BaseHTTPResponse:
        """Return the answer, its body not yet read. ApiError for what the server refuses, Unreachable else."""
        asked = _Asked(method, path, query, body, content_type, read_seconds, connect_tries, self.until)
        token = self.authorization(None)
        answer = self._sent(asked, token)
        if answer.status == 401:
            answer.drain_conn()  # its connection can't be used again before the body is read
            answer = self._sent(asked, self.authorization(token))
        if answer.status >= 400:
            raise _told(self.host, method, path, answer)
        return answer

    def _sent(self, asked: _Asked, token: str | None) -> urllib3.BaseHTTPResponse:
        """Send it. A read whose kept connection turns out to be closed goes out again, once, on a new one."""
        import urllib3

        try:
            return asked.send(self.pool, self.host, token)
        except urllib3.exceptions.HTTPError as error:
            if not (asked.method == "GET" and isinstance(_cause(error), urllib3.exceptions.ProtocolError)):
                raise unreachable(self.host, error) from error
        try:
            return asked.send(self.pool, self.host, token)
        except urllib3.exceptions.HTTPError as error:
            raise unreachable(self.host, error) from error


@frozen
class _Asked:
    """What is asked of an API server."""

    method: str
    path: str
    query: Mapping[str, str] | None
    body: object
    content_type: str
    read_seconds: float
    connect_tries: int
    until: float

    def send(self, pool: urllib3.PoolManager, host: str, token: str | None) -> urllib3.BaseHTTPResponse:
        import urllib3

        left = self.until - time.monotonic()
        if left <= 0:
            raise Away("the API server hasn't answered in time", where=host, remedy="run this again")
        headers = {"Accept": "application/json", "Content-Type": self.content_type, "User-Agent": "promokit"}
        if token:
            headers["Authorization"] = sendable(token, "token for this cluster", _RENEW)
        retries = urllib3.Retry(
            connect=self.connect_tries - 1,
            read=0,
            redirect=0,
            status=0,
            other=0,
            backoff_factor=0.2,
            respect_retry_after_header=False,  # such an answer is to be read, not to be taken for too many retries
        )
        return pool.request(
            self.method,
            host + quote(self.path) + ("?" + urlencode(self.query) if self.query else ""),
            body=None if self.body is None else json.dumps(self.body).encode(),
            headers=headers,
            timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(self.read_seconds, left)),
            retries=retries,
            preload_content=False,
        )


def unreachable(host: str, error: Exception) -> Unreachable:
    """Return the error for an API server that doesn't answer: Silent where it was reached and says nothing."""
    import urllib3

    cause = _cause(error)
    kind = Silent if isinstance(cause, urllib3.exceptions.ReadTimeoutError) else Away
    return kind(
        f"the API server doesn't answer: {str(cause).rsplit(': ', 1)[-1] or type(cause).__name__}",
        where=host,
        remedy="check the network and the cluster's endpoint, then run this again",
    )


def _cause(error: Exception) -> Exception:
    """Return what urllib3 gave up retrying for."""
    return getattr(error, "reason", None) or error


def _told(host: str, method: str, path: str, answer: urllib3.BaseHTTPResponse) -> PromokitError:
    status, where = answer.status, f"{method} {path}"
    told = _status_of(answer)
    if status == 401:
        return Unreachable(
            "the API server doesn't accept these credentials",
            where=host,
            remedy="renew them; on EKS, give the role an access entry for this cluster",
        )
    return refusal({**told, "code": status}, method, where, _retry_after(answer.headers))


def refusal(told: Json, method: str, where: str, retry_after: float | None = None) -> PromokitError:
    """Return the error that a Status object of the API server stands for."""
    status, message = int(told.get("code") or 500), str(told.get("message") or "")
    reads = method in {"GET", "HEAD"}
    if status == 403 and (reads or _UNAUTHORIZED.search(message)):
        return Forbidden(
            status,
            f"not allowed to {'read' if reads else 'write'}: {message}",
            where=where,
            remedy="grant it: see rbac.yaml beside the manifests",
        )
    if _ahead(told):
        return Gone(410, message, where=where)
    if status in {429, 500, 502, 503, 504}:
        return Busy(f"the API server is in trouble (HTTP {status}): {message}", where=where, retry_after=retry_after)
    kind = _KINDS.get(status, ApiError)
    return kind(status, message or f"HTTP {status}", where=where, remedy="see what the API server names")


def _status_of(answer: urllib3.BaseHTTPResponse) -> Json:
    import urllib3

    try:
        told = json.loads(answer.data)
    except (ValueError, urllib3.exceptions.HTTPError):
        told = None
    return told if isinstance(told, dict) else {}


def _ahead(told: Json) -> bool:
    """Whether it was asked for a version that the server hasn't got, as after its store was restored.

    staging/src/k8s.io/apiserver/pkg/storage/errors.go, NewTooLargeResourceVersionError: a 504 of this cause.
    """
    details = told.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    return any(isinstance(each, dict) and each.get("reason") == "ResourceVersionTooLarge" for each in causes or ())


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of Retry-After (RFC 9110, 10.2.3), a date by the server's own clock where it tells it."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        then = parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
    try:
        now = parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except ValueError:
        now = time.time()
    return max(then - now, 0.0)

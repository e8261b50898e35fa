"""One request to an API server: authorized, bounded in time, its failures told in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from attrs import frozen

from promokit.errors import PromokitError, Unreachable

if TYPE_CHECKING:
    import urllib3

Json = dict[str, Any]
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0


class ApiError(PromokitError):
    """The API server answered, and it was not what was asked for. `status` is the HTTP status."""

    def __init__(self, status: int, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.status = status


class NotFound(ApiError):
    """404: no such object."""


class Conflict(ApiError):
    """409: somebody else wrote it first, or it exists already."""


class Invalid(ApiError):
    """422: refused as it stands, by a test of a JSON patch, by validation or by an admission policy."""


class Gone(ApiError):
    """410: the resource version is too old to go on from."""


_KINDS: Mapping[int, type[ApiError]] = {404: NotFound, 409: Conflict, 410: Gone, 422: Invalid}


@frozen
class Transport:
    """An API server: its address, its connection pool, and what to send as Authorization (asked anew after a 401)."""

    host: str
    pool: urllib3.PoolManager
    authorization: Callable[[bool], str | None]

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
        read_seconds: float = READ_SECONDS,
    ) -> urllib3.BaseHTTPResponse:
        """Return the answer, its body not yet read. ApiError for what the server refuses, Unreachable else."""
        answer = self._send(method, path, query, body, content_type, read_seconds, renew=False)
        if answer.status == 401:
            answer.drain_conn()  # its connection can't be used again before the body is read
            answer = self._send(method, path, query, body, content_type, read_seconds, renew=True)
        if answer.status >= 400:
            raise _told(self.host, method, path, answer)
        return answer

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: object,
        content_type: str,
        read_seconds: float,
        *,
        renew: bool,
    ) -> urllib3.BaseHTTPResponse:
        import urllib3

        headers = {"Accept": "application/json", "Content-Type": content_type, "User-Agent": "promokit"}
        if token := self.authorization(renew):
            headers["Authorization"] = token
        url = self.host + quote(path) + ("?" + urlencode(query) if query else "")
        retries = urllib3.Retry(connect=2, read=0, redirect=0, status=0, other=0, backoff_factor=0.2)
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds)
        try:
            return self.pool.request(
                method,
                url,
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                timeout=timeout,
                retries=retries,
                preload_content=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise unreachable(self.host, error) from error


def unreachable(host: str, error: Exception) -> Unreachable:
    """Return the error for an API server that doesn't answer."""
    return Unreachable(
        f"the API server doesn't answer: {_reason(error)}",
        where=host,
        remedy="check the network and the cluster's endpoint, then run this again",
    )


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", None) or error
    return str(cause).rsplit(": ", 1)[-1] or type(cause).__name__


def _told(host: str, method: str, path: str, answer: urllib3.BaseHTTPResponse) -> PromokitError:
    import urllib3

    try:
        message = json.loads(answer.data).get("message", "")
    except (ValueError, AttributeError, urllib3.exceptions.HTTPError):
        message = ""
    where = f"{method} {path}"
    status = answer.status
    if status == 401:
        return Unreachable(
            "the API server doesn't accept these credentials",
            where=host,
            remedy="renew them; on EKS, give the role an access entry for this cluster",
        )
    if status == 403 and method in {"GET", "HEAD"}:
        return Unreachable(
            f"not allowed to read: {message}",
            where=where,
            remedy="grant it: see rbac.yaml beside the manifests",
        )
    if status in {429, 500, 502, 503, 504}:
        return Unreachable(
            f"the API server is in trouble (HTTP {status}): {message}", where=where, remedy="run this again"
        )
    kind = _KINDS.get(status, ApiError)
    remedy = "grant it: see rbac.yaml beside the manifests" if status == 403 else None
    return kind(status, message or f"HTTP {status}", where=where, remedy=remedy)

"""GETs of GitHub's REST API: paged, conditional, patient with limits, plain about a missing permission.

Rules: https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import frozen

from promokit import transport
from promokit.errors import ConfigError, PromokitError, Unreachable
from promokit.transport import LONGEST_WAIT, Transport, sendable

if TYPE_CHECKING:
    import requests

MOST_PAGES = 30
_VERSION = "2022-11-28"
_RENEW = "set GITHUB_TOKEN without what was pasted with it"


@frozen
class Page:
    """One answer: its JSON, and the URL of the next page if there is one."""

    body: Any
    following: str | None
    etag: str | None


class Client:
    """Asks one GitHub with one token. Asking again is conditional: what is unchanged costs no rate limit."""

    def __init__(
        self,
        api_url: str,
        token: str | None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`api_url` without a trailing slash; `clock` gives seconds since the epoch."""
        self._api_url = api_url.rstrip("/")
        if not _is_address(api_url):
            raise ConfigError(f"{api_url!a} is no address of GitHub's API", remedy="set GITHUB_API_URL to https://…")
        self._authorization = f"Bearer {sendable(token, 'GitHub token', _RENEW)}" if token else None
        self._transport = Transport(pause=lambda response: _pause(response, clock()), sleep=sleep)
        self._seen: dict[str, Page] = {}

    def get(self, path: str, permission: str, query: Mapping[str, str] | None = None) -> Page | None:
        """The first page; None for 404. `permission` is what the token needs, as `actions: read`."""
        import requests

        request = requests.Request("GET", f"{self._api_url}{path}", params=dict(query or {}))
        return self._get(str(request.prepare().url), permission)

    def pages(self, path: str, permission: str, query: Mapping[str, str] | None = None) -> Iterator[Page]:
        """Page after page, as `Link` leads. A 404 is Unreachable, since it may hide what is there."""
        page = self.get(path, permission, query)
        for _ in range(MOST_PAGES):
            if page is None:
                raise not_found(path, permission)
            yield page
            if page.following is None:
                return
            page = self._get(page.following, permission)
        raise Unreachable(f"GitHub has more than {MOST_PAGES} pages", where=path, remedy="ask for less")

    def _get(self, url: str, permission: str) -> Page | None:
        seen = self._seen.get(url)
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": _VERSION}
        if seen is not None and seen.etag:
            headers["If-None-Match"] = seen.etag
        response = self._transport.send("GET", url, authorization=self._authorization, headers=headers)
        if response.status_code == 304 and seen is not None:
            return seen
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise refusal(response, permission)
        page = Page(_json(response), self._following(response), response.headers.get("ETag"))
        self._seen[url] = page
        return page

    def _following(self, response: requests.Response) -> str | None:
        """The token goes to this API alone, whatever a Link says."""
        url = response.links.get("next", {}).get("url")
        if url is not None and urlsplit(url)[:2] != urlsplit(self._api_url)[:2]:
            raise Unreachable(
                "GitHub's next page is on another host", where=_path(response), remedy="check GITHUB_API_URL"
            )
        return url


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.hostname)


def refusal(response: requests.Response, permission: str) -> PromokitError:
    """The error that a status other than 200, 304 and 404 means."""
    status, where = response.status_code, _path(response)
    if status == 401:
        return Unreachable(
            "GitHub doesn't take the token", where=where, remedy="check whether GITHUB_TOKEN has expired"
        )
    if status in (403, 429) and _is_limited(response):
        return Unreachable(
            "GitHub's rate limit is used up", where=where, remedy="try again later, or with another token"
        )
    if status == 403:
        return missing_permission(where, _accepted(response) or permission)
    if status in (400, 422):
        return ConfigError(
            f"GitHub takes the question as wrong ({status})", where=where, remedy="check the names in it"
        )
    return Unreachable(f"GitHub answered {status}", where=where, remedy="try again; see GitHub's status page")


def not_found(path: str, permission: str) -> Unreachable:
    """GitHub answers 404 also to a token that may not see what is there."""
    return Unreachable(
        "GitHub finds nothing there, or the token may not see it",
        where=path,
        remedy=f"check the name; add `{permission}` to the job's `permissions:`, or use a token that has it",
    )


def missing_permission(where: str, permission: str) -> Unreachable:
    """The token may not read it: the line to add."""
    return Unreachable(
        "the token may not read this on GitHub",
        where=where,
        remedy=f"add `{permission}` to the job's `permissions:`, or use a token that has it",
    )


def _pause(response: requests.Response, now: float) -> float | None:
    """Also 403 may be a limit: the primary one tells when it resets, the secondary one how long to wait."""
    if response.status_code not in (403, 429) or not _is_limited(response):
        return transport.pause(response)
    reset = response.headers.get("X-RateLimit-Reset", "")
    wait = transport.retry_after(response)
    if not wait and response.headers.get("X-RateLimit-Remaining") == "0" and reset.isdigit():
        wait = max(float(reset) - now, 1.0)
    wait = wait or LONGEST_WAIT
    return wait if wait <= LONGEST_WAIT else None


def _is_limited(response: requests.Response) -> bool:
    headers = response.headers
    return (
        response.status_code == 429
        or "Retry-After" in headers
        or headers.get("X-RateLimit-Remaining") == "0"
        or b"secondary rate limit" in response.content[:2000]
    )


def _accepted(response: requests.Response) -> str | None:
    """`X-Accepted-GitHub-Permissions: actions=read` names what would have been enough."""
    accepted = response.headers.get("X-Accepted-GitHub-Permissions", "").partition(";")[0].partition(",")[0]
    name, equals, level = accepted.strip().partition("=")
    return f"{name}: {level}" if equals and f"{name}{level}".replace("_", "").isalnum() else None


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        raise Unreachable("GitHub's answer is not JSON", where=_path(response), remedy="look for a proxy") from None


def _path(response: requests.Response) -> str:
    return urlsplit(response.url).path

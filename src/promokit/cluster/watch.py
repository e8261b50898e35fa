"""Watching a resource for as long as it is wanted: a list, its changes in order, and whatever fails between.

- One request is list and watch where the server has the streaming list (kubernetes.io, API concepts, "Streaming
  lists": on by default in 1.32 and since 1.34). Where it is refused, or isn't finished, pages and a watch do, for good.
- A watch that ends goes on from the newest version seen. Only a version that there is no going on from, or an answer
  that can't be understood, costs a new list.
- What ends soon is asked again after a pause that grows, or the one that the server asks for.
- The server is asked to end a watch before our own read timeout, so that a dead connection is told from a quiet one:
  bookmarks come only about once a minute.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from attrs import define, field, frozen

from promokit.cluster.decoding import decode
from promokit.cluster.lines import at_once, stream_lines
from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Object
from promokit.cluster.parse import parse_object
from promokit.cluster.transport import ApiError, Busy, Gone, Json, Silent, refusal
from promokit.errors import PromokitError, Unreachable

SILENT_SECONDS = 30.0
LIST_SILENT_SECONDS = 5.0
_INITIAL_EVENTS_END = "k8s.io/initial-events-end"
_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})


@frozen
class Change:
    """ADDED, MODIFIED or DELETED, with the object parsed, and also as JSON where that was asked for.

    LISTING begins a list and LISTED ends it: what was not in between is gone. RESUMED tells that after an error the
    server has taken the watch up again, from where it broke off. `seen` is None for a kind that promokit doesn't read.
    """

    type: str
    seen: Object | None = None
    raw: Json | None = None


@frozen
class Pauses:
    """Seconds. What ended before it `lived` so long, or failed, is asked again after first, 2 × first, … longest.

    A pause that the server asks for goes first, up to `asked`.
    """

    first: float = 0.1
    longest: float = 5.0
    lived: float = 1.0
    asked: float = 30.0

    def after(self, failures: int, error: Exception | None) -> float:
        """Return the pause after so many failures in a row, the last of which was this error."""
        growing = min(self.first * 2.0 ** min(failures - 1, 16), self.longest)
        wanted = error.retry_after if isinstance(error, Busy) else None
        return max(growing, min(wanted or 0.0, self.asked))


@define(eq=False)
class Watch:
    """Follows one resource. `changes` is for one thread; any thread may `close` it.

    What comes within as many seconds as `together` returns is told at once: see `stream_lines`.
    """

    namespace: Namespace
    resource: str
    kind: str
    query: Mapping[str, str] = field(factory=dict)
    keep_raw: bool = False
    together: Callable[[], float] = at_once
    pauses: Pauses = field(factory=Pauses)
    _closed: threading.Event = field(factory=threading.Event)
    _answer: Any = None
    _answered_at: float | None = None
    _version: str = ""
    _streams_lists: bool = True
    _blind: bool = False

    def close(self) -> None:
        """End it, also while it waits for the server's next word."""
        self._closed.set()
        with suppress(Exception):  # it may not be waiting, or no longer
            self._answer.shutdown()

    def changes(self) -> Iterator[Change | PromokitError]:
        """Yield the list and its changes until closed, and each error that ends sight of them; it goes on by itself."""
        failures = 0
        while not self._closed.is_set():
            self._answered_at, error = None, None
            try:
                yield from self._resumed() if self._version else self._listed()
            except Exception as caught:  # noqa: BLE001 - what can't be read makes blind, it doesn't crash
                error = caught
            if self._closed.is_set():
                return
            if trouble := self._trouble(error):
                self._blind = True
                yield trouble
            lived = self._answered_at is not None and time.monotonic() - self._answered_at >= self.pauses.lived
            failures = 0 if lived else failures + 1
            if trouble or not lived:
                self._closed.wait(self.pauses.after(max(failures, 1), error))

    def _trouble(self, error: Exception | None) -> PromokitError | None:
        """Decide what an error means: whether to list anew, and what to tell."""
        if error is None:
            return None
        if not isinstance(error, Unreachable):
            self._version = ""
        if isinstance(error, Gone):
            return None
        if isinstance(error, PromokitError):
            return error
        return Unreachable(f"what the API server sent can't be read: {error!r}", remedy="run this again")

    def _listed(self) -> Iterator[Change]:
        if self._streams_lists:
            yield from self._streamed()
        if not self._streams_lists:
            yield from self._paged()
            yield from self._resumed()

    def _streamed(self) -> Iterator[Change]:
        """List and watch by one request. Who doesn't finish the list isn't asked for one in this way again."""
        asked = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        try:
            answer = self._opened(asked, LIST_SILENT_SECONDS)
        except (ApiError, Silent) as error:
            if isinstance(error, ApiError) and error.status not in {400, 422}:
                raise
            self._streams_lists = False
            return
        yield Change("LISTING")
        try:
            yield from self._told(answer)
        except PromokitError:
            if self._version:
                raise
        finally:
            self._streams_lists = bool(self._version)

    def _paged(self) -> Iterator[Change]:
        yield Change("LISTING")
        for page in self.namespace.pages(self.resource, self.query):
            for item in page:
                yield self._change("ADDED", item)
        self._version = page.metadata["resourceVersion"]
        yield self._end_of_list()

    def _resumed(self) -> Iterator[Change]:
        answer = self._opened({"resourceVersion": self._version}, SILENT_SECONDS)
        if self._blind:
            self._blind = False
            yield Change("RESUMED")
        yield from self._told(answer)

    def _opened(self, asked: Mapping[str, str], silent_seconds: float) -> Any:
        seconds = max(int(SILENT_SECONDS) - 5, 1)
        query = {
            **self.query,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
            **asked,
        }
        path = self.namespace.path(self.resource)
        self._answer = self.namespace.transport.request(
            "GET", path, query=query, read_seconds=silent_seconds, connect_tries=1
        )
        self._answered_at = time.monotonic()
        return self._answer

    def _told(self, answer: Any) -> Iterator[Change]:
        """Yield what a watch tells. Objects of a list that isn't complete have no version to go on from."""
        read = "" if self.keep_raw else self.kind
        for line in stream_lines(answer, together=self.together):
            event = decode(line, read)
            kind, data = event["type"], event["object"]
            if kind == "ERROR":
                raise refusal(data, "GET", self.namespace.path(self.resource), _asked_pause(data))
            if kind in _CHANGES:
                yield self._change(kind, data)
            ends = kind == "BOOKMARK" and _INITIAL_EVENTS_END in (data["metadata"].get("annotations") or {})
            if self._version or ends:
                began, self._version = not self._version, data["metadata"]["resourceVersion"]
                if began:
                    _wait_longer(answer)
                    yield self._end_of_list()

    def _change(self, kind: str, data: Json) -> Change:
        data["kind"] = self.kind  # items of a list don't say what they are
        return Change(kind, parse_object(data), data if self.keep_raw else None)

    def _end_of_list(self) -> Change:
        self._blind = False
        return Change("LISTED")


def _wait_longer(answer: Any) -> None:
    """After the list, silence is what a watch mostly is."""
    if socket := getattr(answer.connection, "sock", None):
        socket.settimeout(SILENT_SECONDS)


def _asked_pause(status: Json) -> float | None:
    details = status.get("details")
    seconds = details.get("retryAfterSeconds") if isinstance(details, dict) else None
    return float(seconds) if seconds else None

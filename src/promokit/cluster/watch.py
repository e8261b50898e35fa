"""Watching: a list and then every change of it, in order, resumed where it broke off."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping

from attrs import frozen

from promokit.cluster.lines import stream_lines
from promokit.cluster.namespace import Namespace
from promokit.cluster.transport import Gone, Json

SILENT_SECONDS = 30.0
PAUSE_SECONDS = 0.1


@frozen
class Change:
    """ADDED, MODIFIED or DELETED, and the object as JSON.

    LISTING begins a list and LISTED ends it: what was not in between is gone. ENDED tells that a watch was ended and is
    about to be resumed: who wants no more can stop here.
    """

    type: str
    object: Json


def changes(namespace: Namespace, resource: str, kind: str, query: Mapping[str, str] | None = None) -> Iterator[Change]:
    """Yield a list and then its changes until the server ends the watch or 30 s pass without a sign of life.

    The caller calls it again to go on. The server sends a bookmark about once a minute, so the watch asks it to end
    earlier than the client's own read timeout, and a dead connection is told from a quiet one.
    Errors: Unreachable when the server can't be asked.
    """
    yield Change("LISTING", {})
    version = ""
    for page in namespace.pages(resource, query):
        version = page["metadata"]["resourceVersion"]
        for item in page["items"]:
            yield Change("ADDED", {**item, "kind": kind})
    yield Change("LISTED", {})
    yield from _watch(namespace, resource, version, query)


def _watch(namespace: Namespace, resource: str, version: str, query: Mapping[str, str] | None) -> Iterator[Change]:
    """Resume from the newest version seen; 410 Gone ends it, so that the caller lists anew."""
    while True:
        asked = {
            **(query or {}),
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(int(SILENT_SECONDS) - 5),
        }
        try:
            answer = namespace.transport.request(
                "GET", namespace.path(resource), query=asked, read_seconds=SILENT_SECONDS
            )
        except Gone:
            return
        empty = True
        for line in stream_lines(answer):
            empty = False
            event = json.loads(line)
            if event["type"] == "ERROR":
                return
            version = event["object"]["metadata"]["resourceVersion"]
            if event["type"] != "BOOKMARK":
                yield Change(event["type"], event["object"])
        yield Change("ENDED", {})
        if empty:  # a server or proxy that ends each watch at once isn't asked without a pause
            time.sleep(PAUSE_SECONDS)

"""A watch of pods on the tests' API server, and what comes of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from promokit.cluster.watch import Change, Pauses, Watch
from promokit.errors import PromokitError
from tests.cluster.api_server import ApiServer, Call

QUICK = Pauses(first=0.01, longest=0.02, lived=0.05)
PODS = "/api/v1/namespaces/credreg-test/pods"
MODES = pytest.mark.parametrize("streams_lists", [True, False], ids=["streaming list", "pages"])


@pytest.fixture
def watched(api: ApiServer) -> Iterator[Watched]:
    """A watch of pods, closed at the end."""
    found = Watched(api)
    yield found
    found.watch.close()


class Waits(threading.Event):
    """Notes each pause instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.paused: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.paused.append(timeout or 0.0)
        return self.is_set()


class Watched:
    """A watch, and what comes of it."""

    def __init__(self, api: ApiServer, **settings: Any) -> None:
        self.api, self.waits = api, Waits()
        settings = {"pauses": QUICK, "closed": self.waits, "namespace": api.namespace(), **settings}
        self.watch = Watch(resource="pods", kind="Pod", **settings)
        self.changes = self.watch.changes()

    def take(self, count: int) -> list[str]:
        """Return the next changes, told as TYPE or TYPE name, errors by their kind."""
        return [told(next(self.changes)) for _ in range(count)]

    @property
    def versions(self) -> list[str]:
        """The versions that watches were resumed from."""
        return [each.query["resourceVersion"] for each in self.api.calls if "resourceVersion" in each.query]

    @property
    def lists(self) -> list[Call]:
        """The lists that were asked for, streaming or by first page."""
        return [
            each
            for each in self.api.calls
            if "sendInitialEvents" in each.query or ("watch" not in each.query and "continue" not in each.query)
        ]


def told(change: Change | PromokitError) -> str:
    if isinstance(change, PromokitError):
        return type(change).__name__
    return f"{change.type} {change.seen.name}" if change.seen is not None else change.type


def pod(image: str = "a", **labels: str) -> dict[str, Any]:
    return {"metadata": {"labels": labels}, "status": {"containerStatuses": [{"name": "main-app", "image": image}]}}


def error_event(code: int, **more: object) -> bytes:
    return json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": code, **more}}).encode() + b"\n"

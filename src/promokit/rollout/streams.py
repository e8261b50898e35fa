"""The four streams that a rollout is judged by, each a list and a watch in a thread of its own, into one queue."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping
from types import TracebackType

from attrs import frozen

from promokit.cluster.namespace import Namespace
from promokit.cluster.watch import Change, changes
from promokit.errors import PromokitError

STREAMS: Mapping[str, str] = {
    "deployments": "Deployment",
    "replicasets": "ReplicaSet",
    "pods": "Pod",
    "events": "Event",
}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0


@frozen
class Arrival:
    """A change of a resource, or the error that ended sight of it."""

    resource: str
    change: Change | None = None
    error: PromokitError | None = None


class Streams:
    """Follows a namespace until closed: a broken stream lists anew, with growing pauses while the server is away."""

    def __init__(self, namespace: Namespace, queries: Mapping[str, Mapping[str, str]]) -> None:
        self.arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._closed = threading.Event()
        for resource, kind in STREAMS.items():
            arguments = (namespace, resource, kind, queries.get(resource))
            threading.Thread(target=self._follow, args=arguments, name=f"watch-{resource}", daemon=True).start()

    def __enter__(self) -> Streams:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closed.set()

    def drain(self, seconds: float) -> list[Arrival]:
        """Wait up to `seconds` for something to arrive, then return all that has."""
        arrived: list[Arrival] = []
        try:
            arrived.append(self.arrivals.get(timeout=max(seconds, 0.0)))
            while True:
                arrived.append(self.arrivals.get_nowait())
        except queue.Empty:
            return arrived

    def _follow(self, namespace: Namespace, resource: str, kind: str, query: Mapping[str, str] | None) -> None:
        pause = _FIRST_PAUSE
        while not self._closed.is_set():
            try:
                for change in changes(namespace, resource, kind, query):
                    if self._closed.is_set():
                        return
                    pause = _FIRST_PAUSE
                    if change.type != "ENDED":
                        self.arrivals.put(Arrival(resource, change))
            except PromokitError as error:
                self.arrivals.put(Arrival(resource, error=error))
            except Exception as error:  # noqa: BLE001 - a stream that can't be read is a blind one, not a crash
                broken = PromokitError(f"what the API server sent can't be read: {error}")
                self.arrivals.put(Arrival(resource, error=broken))
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

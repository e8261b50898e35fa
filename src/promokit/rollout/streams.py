"""The four streams that a rollout is judged by, each a list and a watch in a thread of its own, into one queue."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from promokit.cluster.namespace import RESOURCES, Namespace
from promokit.cluster.parse import parse_object
from promokit.cluster.watch import Change, changes
from promokit.errors import PromokitError
from promokit.model import KINDS, Workload
from promokit.rollout.arrival import Arrival

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0


def streams_for(workloads: Sequence[Workload]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Return the streams (resource → kind) that a rollout of these workloads is followed by, and their queries."""
    kinds = {each.kind for each in workloads}
    streams: dict[str, str] = {RESOURCES[each]: each for each in KINDS if each in kinds}
    if "Deployment" in kinds:
        streams["replicasets"] = "ReplicaSet"
    names = {(each.kind, each.name) for each in workloads}
    queries = {}
    if len(names) == 1:
        kind, name = names.pop()
        queries[RESOURCES[kind]] = {"fieldSelector": f"metadata.name={name}"}
    return {**streams, "pods": "Pod", "events": "Event"}, queries


class Streams:
    """Follows a namespace until closed: a broken stream lists anew, with growing pauses while the server is away."""

    def __init__(
        self,
        namespace: Namespace,
        queries: Mapping[str, Mapping[str, str]],
        *,
        streams: Mapping[str, str],
        keep_raw: bool = False,
    ) -> None:
        self._keep_raw = keep_raw
        self.arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._closed = threading.Event()
        for resource, kind in streams.items():
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

    def _arrival(self, resource: str, change: Change) -> Arrival:
        seen = parse_object(change.object) if change.object else None
        return Arrival(resource, change.type, seen, change.object if self._keep_raw and seen else None)

    def _follow(self, namespace: Namespace, resource: str, kind: str, query: Mapping[str, str] | None) -> None:
        pause = _FIRST_PAUSE
        while not self._closed.is_set():
            try:
                for change in changes(namespace, resource, kind, query):
                    if self._closed.is_set():
                        return
                    pause = _FIRST_PAUSE
                    if change.type != "ENDED":
                        self.arrivals.put(self._arrival(resource, change))
            except PromokitError as error:
                self.arrivals.put(Arrival(resource, error=error))
            except Exception as error:  # noqa: BLE001 - a stream that can't be read is a blind one, not a crash
                broken = PromokitError(f"what the API server sent can't be read: {error}")
                self.arrivals.put(Arrival(resource, error=broken))
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

"""The streams that a rollout is judged by, each a list and a watch in a thread of its own, into one queue."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from types import TracebackType

from promokit.cluster.lines import at_once
from promokit.cluster.namespace import RESOURCES, Namespace
from promokit.cluster.objects import Controller
from promokit.cluster.watch import Change, Pauses, Watch
from promokit.model import KINDS, Workload
from promokit.rollout.arrival import Arrival

_ROUTINE = ("Scheduled", "Pulled", "Created", "Started", "SuccessfulCreate", "SuccessfulDelete")
TELLING_EVENTS: Mapping[str, str] = {"fieldSelector": ",".join(f"reason!={each}" for each in _ROUTINE)}
"""The query for Events that may tell of trouble.

The API can't ask for Events about this kind or that (selectors are only and-ed), nor by an owner or a name's
beginning: so they come by namespace. It can leave out reasons: those that only say that a step went well are five of
six of a healthy rollout's Events (pkg/registry/core/event/strategy.go, ToSelectableFields).
"""


def streams_for(
    workloads: Mapping[Workload, Controller],
) -> tuple[dict[str, str], dict[str, Mapping[str, str]]]:
    """Return the streams (resource → kind) that a rollout of these workloads is followed by, and their queries.

    One workload is asked for by name, and what it made by the labels that it selects: a selector's expressions only
    narrow it further, so labels alone lose nothing. Several are asked for by namespace.
    """
    kinds = {each.kind for each in workloads}
    streams: dict[str, str] = {RESOURCES[each]: each for each in KINDS if each in kinds}
    if "Deployment" in kinds:
        streams["replicasets"] = "ReplicaSet"
    streams |= {"pods": "Pod", "events": "Event"}
    if len({(each.kind, each.name) for each in workloads}) > 1:
        return streams, {"events": TELLING_EVENTS}
    workload, controller = next(iter(workloads.items()))
    labels = ",".join(f"{key}={value}" for key, value in sorted(controller.selector.items()))
    made = {"labelSelector": labels} if labels else {}
    own = {"fieldSelector": f"metadata.name={workload.name}"}
    return streams, {"replicasets": made, "pods": made, "events": TELLING_EVENTS, RESOURCES[workload.kind]: own}


class Streams:
    """Follows resources of a namespace from when it is made until it is closed, each by one connection.

    `queries` narrows a resource. `resources` says which are followed, and of which kind their objects are. Objects
    are parsed in the stream's thread; their JSON is kept only with `keep_raw`. `together` returns how many seconds'
    changes are read at once, for all streams at the same moments.
    """

    def __init__(
        self,
        namespace: Namespace,
        queries: Mapping[str, Mapping[str, str]],
        resources: Mapping[str, str],
        *,
        keep_raw: bool = False,
        together: Callable[[], float] = at_once,
        pauses: Pauses = Pauses(),  # noqa: B008 - frozen
    ) -> None:
        self.arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._unlisted = set(resources)
        self._listed = threading.Condition()
        self._watches = [
            Watch(namespace, each, kind, queries.get(each, {}), keep_raw, together, pauses)
            for each, kind in resources.items()
        ]
        for watch in self._watches:
            threading.Thread(target=self._follow, args=(watch,), name=f"watch-{watch.resource}", daemon=True).start()

    def __enter__(self) -> Streams:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for watch in self._watches:
            watch.close()

    def unlisted(self, seconds: float) -> frozenset[str]:
        """Wait until each resource has been listed once, at most `seconds`; return those that haven't been.

        What has arrived stays for `drain`.
        """
        with self._listed:
            self._listed.wait_for(lambda: not self._unlisted, max(seconds, 0.0))
            return frozenset(self._unlisted)

    def drain(self, seconds: float) -> list[Arrival]:
        """Wait up to `seconds` for something to arrive, then return all that has."""
        arrived: list[Arrival] = []
        try:
            arrived.append(self.arrivals.get(timeout=max(seconds, 0.0)))
            while True:
                arrived.append(self.arrivals.get_nowait())
        except queue.Empty:
            return arrived

    def _follow(self, watch: Watch) -> None:
        for change in watch.changes():
            if isinstance(change, Change):
                self.arrivals.put(Arrival(watch.resource, change.type, change.seen, change.raw))
            else:
                self.arrivals.put(Arrival(watch.resource, error=change))
            if isinstance(change, Change) and change.type == "LISTED":
                with self._listed:
                    self._unlisted.discard(watch.resource)
                    self._listed.notify_all()

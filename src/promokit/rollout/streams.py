"""The streams that a rollout is judged by, each a list and a watch in a thread of its own, into one queue."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from types import TracebackType

from attrs import frozen

from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Object
from promokit.cluster.transport import Json
from promokit.cluster.watch import Change, Pauses, Watch
from promokit.errors import PromokitError

STREAMS: Mapping[str, str] = {
    "deployments": "Deployment",
    "replicasets": "ReplicaSet",
    "pods": "Pod",
    "events": "Event",
}
_ROUTINE = ("Scheduled", "Pulled", "Created", "Started", "SuccessfulCreate", "SuccessfulDelete")
TELLING_EVENTS: Mapping[str, str] = {"fieldSelector": ",".join(f"reason!={each}" for each in _ROUTINE)}
"""The query for Events that may tell of trouble.

The API can't ask for Events about this kind or that (selectors are only and-ed), nor by an owner or a name's
beginning: so they come by namespace. It can leave out reasons: those that only say that a step went well are five of
six of a healthy rollout's Events (pkg/registry/core/event/strategy.go, ToSelectableFields).
"""


@frozen
class Arrival:
    """A change of a resource, or the error that ended sight of it until the next LISTED or RESUMED."""

    resource: str
    change: Change | None = None
    error: PromokitError | None = None

    @property
    def seen(self) -> Object | None:
        """The object that was added, modified or deleted."""
        return self.change.seen if self.change else None

    @property
    def raw(self) -> Json | None:
        """The same as JSON, if the streams were asked to keep it."""
        return self.change.raw if self.change else None


def narrowed(workloads: str, name: str, selector: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """Return what to ask when one workload is followed: itself by name, what it made by the labels it selects.

    `workloads` is its resource. A selector's expressions only narrow it further, so labels alone lose nothing.
    """
    labels = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    made = {"labelSelector": labels} if labels else {}
    return {
        "replicasets": made,
        "pods": made,
        "events": TELLING_EVENTS,
        workloads: {"fieldSelector": f"metadata.name={name}"},
    }


class Streams:
    """Follows resources of a namespace from when it is made until it is closed, each by one connection.

    `queries` narrows a resource. `resources` says which are followed, and of which kind their objects are. Objects
    are parsed in the stream's thread; their JSON is kept only with `keep_raw`.
    """

    def __init__(
        self,
        namespace: Namespace,
        queries: Mapping[str, Mapping[str, str]],
        resources: Mapping[str, str] = STREAMS,
        *,
        keep_raw: bool = False,
        pauses: Pauses = Pauses(),  # noqa: B008 - frozen
    ) -> None:
        self.arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._unlisted = set(resources)
        self._listed = threading.Condition()
        self._watches = [
            Watch(namespace, each, kind, queries.get(each, {}), keep_raw, pauses) for each, kind in resources.items()
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
                self.arrivals.put(Arrival(watch.resource, change))
            else:
                self.arrivals.put(Arrival(watch.resource, error=change))
            if isinstance(change, Change) and change.type == "LISTED":
                with self._listed:
                    self._unlisted.discard(watch.resource)
                    self._listed.notify_all()

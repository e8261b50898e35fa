"""From arrivals of the streams to the snapshot, and since when one of them is blind. Pure: the time is an argument."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from promokit.cluster.objects import Event
from promokit.errors import PromokitError
from promokit.rollout.arrival import Arrival
from promokit.rollout.listing import Listing
from promokit.rollout.snapshot import Snapshot


@define
class Sight:
    """What the streams (resource → kind) have shown. `blind` says since when each of those was that can't be read."""

    streams: Mapping[str, str]
    snapshot: Snapshot = field(factory=Snapshot)
    blind: dict[str, float] = field(factory=dict)
    trouble: str = ""
    _listed: set[str] = field(factory=set)
    _listing: Listing[None] = field(factory=Listing)

    @property
    def whole(self) -> bool:
        """Whether each stream has been listed once: before, what isn't seen isn't missing."""
        return len(self._listed) == len(self.streams)

    def take(self, arrival: Arrival, t: float) -> None:
        """Take in what arrived at second `t`."""
        if arrival.error is not None:
            self.lose(arrival.resource, arrival.error, t)
        elif arrival.type == "LISTING":
            self._listing.begin(arrival.resource)
        elif arrival.type == "LISTED":
            self._end_list(arrival.resource, t)
        elif arrival.type == "RESUMED":
            self.blind.pop(arrival.resource, None)
        elif arrival.seen is not None:
            self._see(arrival, t)

    def lose(self, what: str, error: PromokitError, t: float) -> None:
        """Take note that something can't be seen since second `t`."""
        self.blind.setdefault(what, t)
        self.trouble = error.what

    def _see(self, arrival: Arrival, t: float) -> None:
        seen = arrival.seen
        assert seen is not None  # noqa: S101 - the caller has looked
        if isinstance(seen, Event):
            if arrival.type != "DELETED":
                self.snapshot.see(seen, t)
        elif arrival.type == "DELETED":
            self._listing.drop(arrival.resource, seen.uid)
            self.snapshot.forget(seen.uid, t)
        else:
            self._listing.show(arrival.resource, seen.uid, None)
            self.snapshot.see(seen, t)

    def _end_list(self, resource: str, t: float) -> None:
        """What a list anew didn't hold is gone."""
        for uid in self._listing.end(resource):
            self.snapshot.forget(uid, t)
        self._listed.add(resource)
        self.blind.pop(resource, None)

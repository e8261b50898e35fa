"""The Events that a rule may rest on, and how often each has come since the change. Pure.

Times are seconds since the change, on our own clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import define, evolve, field

from promokit.cluster.objects import Event
from promokit.rollout.room import LONG_AGO

TELLING = {
    "Failed",
    "FailedCreate",
    "FailedMount",
    "FailedScheduling",
    "Killing",
    "Nominated",
    "TriggeredScaleUp",
    "Unhealthy",
}
"""The reasons of Events that a rule rests on; what else is told isn't kept."""

CLOCKS_DIFFER = 2.0
"""Seconds: the times of Events are whole seconds, by the clock of who tells them."""


@define
class Heard:
    """An Event, when it was first and last heard, as it was at first, and how often it had come before the change."""

    event: Event
    first: float
    last: float
    at_first: Event
    before: int = 0

    @property
    def count(self) -> int:
        """How often it has come since the change."""
        return self.event.count - self.before


@define
class Hearing:
    """The Events by the UID of what they are about, and what the cluster's clock was at the change.

    Each object's own times tell the least that it was (seconds since 1970). It is kept by the owner of pods: objects
    that have nothing to do with one another may go by different clocks.
    """

    _about: dict[str, dict[str, Heard]] = field(factory=dict)
    _clock: dict[str, float] = field(factory=dict)

    def tick(self, owner: str, time: datetime | None, t: float) -> None:
        """Take note that the clock had come to `time` at second `t`."""
        if time is not None:
            self._clock[owner] = max(self._clock.get(owner, LONG_AGO), time.timestamp() - t)

    def clock(self, owners: Iterable[str]) -> float:
        """Return what the clock was at the change, at the latest that is known of these."""
        return max((self._clock.get(each, LONG_AGO) for each in owners), default=LONG_AGO)

    def hear(self, event: Event, first: float, last: float) -> None:
        """Take in an Event that came at second `first` and again until `last`."""
        self.tick(event.uid, event.last, last)
        about = self._about.setdefault(event.uid, {})
        known = about.get(event.id)
        if known is None:
            about[event.id] = Heard(event, first, last, event, event.count if last <= 0 else 0)
        else:
            again = event.count > known.event.count
            about[event.id] = evolve(known, event=event, last=last if again else known.last)

    def about(self, uid: str, clock: float = LONG_AGO) -> list[Heard]:
        """Return the Events about an object, in the order they were first heard.

        What came before the change by its own times and this clock isn't counted, whenever it was first heard; of one
        that had come before and has gone on since, only the newest is sure.
        """
        return [_counted(each, clock) for each in self._about.get(uid, {}).values()]

    def is_told_of(self, uid: str) -> bool:
        """Say whether there are Events about an object."""
        return uid in self._about

    def forget(self, uid: str) -> None:
        """Drop what is known of an object."""
        self._about.pop(uid, None)
        self._clock.pop(uid, None)


def is_before(time: datetime | None, clock: float) -> bool:
    """Say whether a time of the cluster is of before the clock was at that."""
    return time is not None and time.timestamp() < clock - CLOCKS_DIFFER


def _counted(heard: Heard, clock: float) -> Heard:
    at_first = heard.at_first
    if heard.before or not is_before(at_first.first, clock):
        return heard
    return evolve(heard, before=at_first.count if is_before(at_first.last, clock) else at_first.count - 1)

"""The room that pods make by ending: which are on their way out, until when that is waited for, and what has gone.

Pure. Times are seconds since the change.
"""

from __future__ import annotations

from collections.abc import Collection

from attrs import define, field, frozen

from promokit.cluster.objects import Pod

LONG_AGO = float("-inf")
AFTER_GRACE = 10.0
"""Seconds: what is there so long after its grace is stuck (a finalizer, a lost node) and makes no room."""


@frozen
class _Leaving:
    owner: str
    since: float
    grace: float


@define
class Room:
    """What is ending, by UID, and when the last pod of each owner went."""

    _leaving: dict[str, _Leaving] = field(factory=dict)
    _freed: dict[str, float] = field(factory=dict)

    def see(self, pod: Pod, t: float) -> None:
        """Take note of a pod at second `t`; only one that is on its way out matters, and its shortest grace."""
        if not pod.deleting:
            return
        known = self._leaving.get(pod.uid)
        if known is None or pod.grace < known.grace:
            self._leaving[pod.uid] = _Leaving(pod.owner, t, pod.grace)

    def forget(self, pod: Pod, t: float) -> None:
        """Take note that a pod is gone, whether or not it was seen to end."""
        self._leaving.pop(pod.uid, None)
        self._freed[pod.owner] = max(t, self._freed.get(pod.owner, LONG_AGO))

    def ending(self, owners: Collection[str]) -> int:
        """Count the pods of these owners that are on their way out."""
        return sum(each.owner in owners for each in self._leaving.values())

    def until(self, owners: Collection[str] | None = None) -> float:
        """Return until when pods of these owners (of all, if None) may be waited for to end."""
        of = (each for each in self._leaving.values() if owners is None or each.owner in owners)
        return max((each.since + each.grace + AFTER_GRACE for each in of), default=LONG_AGO)

    def freed_at(self, owners: Collection[str] | None = None) -> float:
        """Return when the last of them was seen to be gone."""
        return max((t for owner, t in self._freed.items() if owners is None or owner in owners), default=LONG_AGO)

"""What a stream has shown so far, so that a list anew tells what is gone: the API names only what is there."""

from __future__ import annotations

from typing import Generic, TypeVar

from attrs import define, field

T = TypeVar("T")


@define
class Listing(Generic[T]):
    """The objects of each resource by UID, with what is kept of them, and which of them a new list hasn't shown yet."""

    _known: dict[str, dict[str, T]] = field(factory=dict)
    _stale: dict[str, dict[str, T]] = field(factory=dict)

    def begin(self, resource: str) -> None:
        """Begin a list: all that is known is stale until it is shown again."""
        self._stale[resource] = dict(self._known.get(resource, {}))

    def show(self, resource: str, uid: str, kept: T) -> None:
        """Take note of an object that is there."""
        self._known.setdefault(resource, {})[uid] = kept
        self._stale.get(resource, {}).pop(uid, None)

    def drop(self, resource: str, uid: str) -> None:
        """Take note of an object that was deleted."""
        self._known.get(resource, {}).pop(uid, None)
        self._stale.get(resource, {}).pop(uid, None)

    def end(self, resource: str) -> dict[str, T]:
        """End a list: return what it didn't hold and forget it."""
        gone = self._stale.pop(resource, {})
        for uid in gone:
            self._known[resource].pop(uid, None)
        return gone

"""Counts what a process writes to a cluster, by a proxy before its API server, and does something at one of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from attrs import define, field

from tests.lab.proxy import Asked, Gate

_WRITES = frozenset({"POST", "PUT", "PATCH"})
_ASIDE = ("selfsubjectreviews", "events")
"""What is posted and changes nothing, or only tells people."""


@define(eq=False)
class Writes(Gate):
    """`seen` are the writes that the API server has taken, as `METHOD resource`, but for renewals and Events.

    `before` is called when a write has come, with its number counted from 1, and may wait; `after` when it was taken,
    and says whether the answer goes on.
    """

    before: Callable[[int, str], None] = lambda number, what: None
    after: Callable[[int, str], bool] = lambda number, what: True
    seen: list[str] = field(factory=list)
    _holder: str = ""
    _lock: threading.Lock = field(factory=threading.Lock)

    def arrived(self, asked: Asked) -> None:
        if (what := self._counted(asked)) is not None:
            self.before(len(self.seen) + 1, what)

    def answered(self, asked: Asked, status: int) -> bool:
        what = self._counted(asked)
        if what is None or status >= 300:
            return True
        with self._lock:
            self._holder = _holder(asked) or self._holder
            self.seen.append(what)
            number = len(self.seen)
        return self.after(number, what)

    def _counted(self, asked: Asked) -> str | None:
        """Say what a request writes: its verb and the object's path in the namespace; None for what isn't counted."""
        if asked.method not in _WRITES or asked.path.endswith(_ASIDE) or _holder(asked) == self._holder != "":
            return None
        return f"{asked.method} {asked.path.partition('/namespaces/')[2].partition('/')[2]}"


def _holder(asked: Asked) -> str:
    """Whom a request writes into the Lease; empty text for a release and for anything else."""
    if "/leases" not in asked.path:
        return ""
    holder: str = json.loads(asked.body)["spec"]["holderIdentity"]
    return holder

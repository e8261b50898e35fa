"""Saying on each workload what was done to it: a Kubernetes Event, which `kubectl describe` shows.

One when an operation ends. While it is under way, `kubernetes.io/change-cause` says who changed the image.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from attrs import define, field

from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Controller
from promokit.cluster.transport import Json
from promokit.errors import PromokitError
from promokit.ledger.announcement import COMPONENT, Announcement, announcement
from promokit.ledger.lines import Line
from promokit.model import Environment

LONGEST_SECONDS = 2.0
AT_ONCE = 4


def announce(
    namespace: Namespace, environment: Environment, start: Line, end: Line, progress: Callable[[str], None]
) -> None:
    """Write an Event about an operation on each of its workloads. What can't be written is told once, and no more.

    Nobody waits for it longer than two seconds: what happened is in the ledger.
    """
    told = _Told(namespace, environment, announcement(start, end))
    thread = threading.Thread(target=told.everywhere, name="events", daemon=True)
    thread.start()
    thread.join(LONGEST_SECONDS)
    trouble = told.trouble or ("no answer in time" if thread.is_alive() else "")
    if trouble:
        progress(f"warning: not every workload has an Event that tells of this: {trouble}")


@define
class _Told:
    """Events being written, several at once."""

    namespace: Namespace
    environment: Environment
    what: Announcement
    trouble: str = ""
    _lock: threading.Lock = field(factory=threading.Lock)

    def everywhere(self) -> None:
        """Write all of them; the first trouble is kept."""
        try:
            there = self.namespace.controllers(self.environment.workloads)
        except PromokitError as error:
            self.trouble = error.what
            return
        waiting = iter({each.uid: each for each in there.values()}.values())
        threads = [
            threading.Thread(target=self._write, args=(waiting,), name="event", daemon=True) for _ in range(AT_ONCE)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    def _write(self, waiting: Iterator[Controller]) -> None:
        while (controller := self._next(waiting)) is not None:
            try:
                self.namespace.create("events", self._event(controller))
            except PromokitError as error:
                self.trouble = self.trouble or error.what

    def _next(self, waiting: Iterator[Controller]) -> Controller | None:
        with self._lock:
            return next(waiting, None)

    def _event(self, controller: Controller) -> Json:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        about = {"apiVersion": "apps/v1", "kind": controller.kind, "name": controller.name, "uid": controller.uid}
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{controller.name[:200]}.{secrets.token_hex(8)}",
                "namespace": self.namespace.name,
            },
            "involvedObject": {**about, "namespace": self.namespace.name},
            "reason": self.what.reason,
            "message": self.what.message,
            "type": "Warning" if self.what.warns else "Normal",
            **{"count": 1, "firstTimestamp": now, "lastTimestamp": now},
            **{"source": {"component": COMPONENT}, "reportingComponent": COMPONENT},
        }

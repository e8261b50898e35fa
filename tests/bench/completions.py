"""When Deployments are changed and complete, seen by a watch of the harness's own."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from typing import Any

from attrs import define, field

from tests.bench.api import Api
from tests.bench.bounds import is_complete


@define
class Completions:
    """Watches a namespace's Deployments. Times are of `time.monotonic`."""

    api: Api
    path: str
    changed_at: float | None = None
    """When the first of them was changed."""
    before: dict[str, Any] = field(factory=dict)
    """The pod templates that they have before they are changed. An annotation of theirs moves the generation too."""
    _complete_at: dict[str, float | None] = field(factory=dict)
    _news: threading.Condition = field(factory=threading.Condition)

    def start(self) -> None:
        """List, then watch from there in a thread."""
        listed = self.api.get(self.path)
        self.before = {each["metadata"]["name"]: each["spec"]["template"] for each in listed["items"]}
        version = listed["metadata"]["resourceVersion"]
        threading.Thread(target=self._watch, args=(version,), daemon=True).start()

    def all_changed(self, seconds: float) -> bool:
        """Wait until each has been changed; whether that was in time."""
        with self._news:
            return self._news.wait_for(lambda: len(self._complete_at) == len(self.before), seconds)

    def last(self, seconds: float) -> float | None:
        """Wait until each has been changed and is complete; when the last was. None where that isn't in time."""
        if not self.all_changed(seconds):
            return None
        with self._news:
            self._news.wait_for(lambda: None not in self._complete_at.values(), seconds)
            done = [at for at in self._complete_at.values() if at is not None]
            return max(done) if len(done) == len(self.before) else None

    def _watch(self, version: str) -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):  # closed meanwhile
            for event in self.api.watch(self.path, version):
                with self._news:
                    self.take(event["object"], time.monotonic())
                    self._news.notify_all()

    def take(self, deployment: dict[str, Any], now: float) -> None:
        """Take in the newest state of one."""
        name = deployment["metadata"]["name"]
        if deployment["spec"]["template"] == self.before[name]:
            return
        if self.changed_at is None:
            self.changed_at = now
        if not is_complete(deployment):
            self._complete_at[name] = None
        elif self._complete_at.get(name) is None:
            self._complete_at[name] = now

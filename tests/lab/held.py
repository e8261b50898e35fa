"""Holds a process's write to a cluster on its way, until a test has done something meanwhile."""

from __future__ import annotations

import threading

from attrs import define, field

from tests.lab.errors import LabError
from tests.lab.writes import Writes

LONGEST_SECONDS = 120.0


@define(eq=False)
class Held:
    """A gate that holds the write of this number, once; it goes on, or is lost, when the test says so."""

    number: int
    writes: Writes = field(init=False)
    lost: bool = False
    _came: threading.Event = field(factory=threading.Event)
    _over: threading.Event = field(factory=threading.Event)

    def __attrs_post_init__(self) -> None:
        self.writes = Writes(before=self._before)

    def wait(self) -> None:
        """Wait until the write has come."""
        if not self._came.wait(LONGEST_SECONDS):
            raise LabError(f"Write {self.number} never came: {self.writes.seen}.", "see the process's words.")

    def let_go(self) -> None:
        """Let the write go on to the API server."""
        self._over.set()

    def lose(self) -> None:
        """Let the write come to nothing, as a connection that breaks off does."""
        self.lost = True
        self._over.set()

    def _before(self, number: int, what: str) -> None:
        if number == self.number and not self._came.is_set():
            self._came.set()
            self._over.wait(LONGEST_SECONDS)
            if self.lost:
                raise ConnectionAbortedError(what)

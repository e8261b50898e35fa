"""Many runs of cases on the lab, as many at once as don't disturb one another."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from attrs import define, field, frozen

from tests.lab import live
from tests.lab.cases import CASES
from tests.lab.faults import FAULTS
from tests.lab.live import Ending

AT_ONCE = 6
"""On two cores; most of a case's time is waiting."""


@frozen
class Run:
    """A case, by its name, and the fault that it is under, if it is."""

    case: str
    fault: str = ""

    def __str__(self) -> str:
        return f"{self.case} {self.fault}".strip()

    @property
    def alone(self) -> bool:
        """Whether it disturbs what else runs on its cluster."""
        return CASES[self.case].alone or (bool(self.fault) and FAULTS[self.fault].disturbs)


@define
class Runs:
    """Plays runs: several at once on one cluster, and beside them one at a time on the other, if they disturb.

    A case isn't played twice at once: some have an image or a kind of capacity of their own.
    """

    images: dict[str, str]
    _together: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(AT_ONCE))
    _alone: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(1))
    _of_case: defaultdict[str, threading.Lock] = field(factory=lambda: defaultdict(threading.Lock))

    def start(self, runs: Iterable[Run]) -> dict[Run, Future[Ending]]:
        """Begin runs, the longest first, so that none of these is left at the end."""
        ordered = sorted(runs, key=lambda run: -CASES[run.case].seconds)
        return {run: (self._alone if run.alone else self._together).submit(self._play, run) for run in ordered}

    def stop(self) -> None:
        """Begin no more of them, and wait for those that are under way."""
        for pool in (self._together, self._alone):
            pool.shutdown(cancel_futures=True)

    def _play(self, run: Run) -> Ending:
        with self._of_case[run.case]:
            return live.play(CASES[run.case], self.images, FAULTS[run.fault] if run.fault else None)

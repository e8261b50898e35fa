"""`make soak`: all cases of rollouts under all faults on the lab, and a table of what failed.

It begins no more runs when its minutes are over; a run that wasn't begun is told, and counts as failed. It uses the lab
that runs, or starts one and ends it.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, TimeoutError, as_completed

from tests.lab import actors, lifecycle, live
from tests.lab.cases import CASES, LIVE
from tests.lab.faults import FAULTS
from tests.lab.live import Ending
from tests.lab.runs import Run, Runs

NO_FAULT = "none"


def main() -> int:
    """Play what the command line names, or all; 1 where something failed."""
    asked = _asked()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: the lab is ended, not left
    faults = ["" if each == NO_FAULT else each for each in asked.fault]
    chosen = [Run(case, fault) for fault in faults for case in asked.case or LIVE]
    with lifecycle.running():
        runs = Runs(actors.publish())
        try:
            failed = dict(_failures(runs, chosen, time.monotonic() + asked.minutes * 60))
        finally:
            runs.stop()
    print(f"\n{len(chosen)} runs, {len(failed)} failed")
    for run in sorted(failed, key=str):
        print(f"{run.case:<34} {run.fault or NO_FAULT:<18} {failed[run]}")
    return 1 if failed else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.soak", description=__doc__)
    parser.add_argument("case", nargs="*", choices=[[], *LIVE], help="all where none is named")
    faults = (NO_FAULT, *FAULTS)
    parser.add_argument("--fault", action="append", choices=faults, help="all but none where it isn't given")
    parser.add_argument("--minutes", type=float, default=60, help="when to begin no more runs")
    asked = parser.parse_args()
    asked.fault = asked.fault or list(FAULTS)
    return asked


def _failures(runs: Runs, chosen: list[Run], until: float) -> Iterator[tuple[Run, str]]:
    """Play the runs, tell how each ends, and yield those that failed with what was wrong."""
    playing = runs.start(chosen)
    of = {future: run for run, future in playing.items()}
    told: set[Future[Ending]] = set()
    try:
        for done in as_completed(playing.values(), timeout=max(until - time.monotonic(), 0)):
            told.add(done)
            yield from _told(of[done], done)
    except TimeoutError:
        runs.stop()
    for left in playing.values():
        if left not in told:
            yield from _told(of[left], left)


def _told(run: Run, done: Future[Ending]) -> Iterator[tuple[Run, str]]:
    try:
        ending = done.result()
        what, wrong = f"{ending} ({ending.hits} hits)", live.wrong(CASES[run.case], ending)
    except CancelledError:
        what = wrong = "not begun in time"
    except Exception as error:  # noqa: BLE001 - one run that can't be played doesn't end the others
        what = wrong = repr(error)
    print(f"{'FAILED ' if wrong else ''}{run}: {what}", flush=True)
    if wrong:
        yield run, wrong


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.bench.verdicts [LETTER…]`: how rollouts end, told by each program at the same time, on the lab."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from attrs import evolve, field, frozen

from tests.bench import page
from tests.bench.measured import Running
from tests.bench.repeated import need_lab
from tests.bench.set_up import for_several, set_up
from tests.bench.shown import since_change
from tests.bench.tools import Tool, tools
from tests.bench.verdict_cases import ROWS, Row
from tests.bench.verdict_table import HEAD, Result, cells, merged
from tests.lab import actors, stage
from tests.lab.cases import CASES
from tests.lab.cases.case import Case
from tests.lab.place import Place
from tests.lab.recorder import Recording

PATIENCE = 120.0
AT_ONCE = 3
APART = 12.0
"""Seconds between the beginnings of two rows: it is their first seconds that are measured."""
SETTLED = 0.5
LOOK_LONGER = 15.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write it down."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.verdicts", description=__doc__)
    parser.add_argument(
        "letter", nargs="*", choices=[[], *(row.letter for row in ROWS)], help="all where none is named"
    )
    asked = parser.parse_args(arguments).letter or [row.letter for row in ROWS]
    need_lab()
    bench = Bench(actors.publish(), tools())
    measured = bench.rows([row for row in ROWS if row.letter in asked])
    page.write("verdicts", parser.prog, page.table(HEAD, merged(page.rows("verdicts"), measured)))
    return 0


@frozen
class Bench:
    """The programs and the actors' images. `stopped`: somebody wants it to end."""

    images: dict[str, str]
    tools: tuple[Tool, ...]
    stopped: threading.Event = field(factory=threading.Event)
    _begin: threading.Lock = field(factory=threading.Lock)

    def rows(self, rows: Sequence[Row]) -> list[Sequence[str]]:
        """Measure these rows, some at once."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                return list(pool.map(self._row, rows))
            except BaseException:
                self.stopped.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _row(self, row: Row) -> Sequence[str]:
        with self._begin:
            self.stopped.wait(APART)
        together = threading.Barrier(len(self.tools))
        with ThreadPoolExecutor(len(self.tools)) as pool:
            jobs = [pool.submit(self._result, row, tool, together) for tool in self.tools]
            found = _cells(row, jobs)
        print(*found, sep=" | ", file=sys.stderr, flush=True)
        return found

    def _result(self, row: Row, tool: Tool, together: threading.Barrier) -> Result:
        """What one program says of its own objects of the case."""
        case = for_several(CASES[row.case], len(self.tools), tool.slug, first=tool is self.tools[0])
        try:
            with (
                set_up(case, tool, self.images) as place,
                Recording(place.cluster, place.namespace).running() as recording,
            ):
                time.sleep(SETTLED)
                together.wait(PATIENCE)
                found = self._followed(row, case, tool, place, recording)
                together.wait(2 * PATIENCE)  # what one gives back, such as room on the node, would help the others
                return found
        except BaseException:
            together.abort()
            raise

    def _followed(self, row: Row, case: Case, tool: Tool, place: Place, recording: Recording) -> Result:
        environ, began = tool.environ(place, row), time.monotonic()
        running = Running(tool.change(place, case, row), place.cluster.port(6443), environ, sampled=False)
        try:
            stage.carry_on(
                evolve(case, seconds=PATIENCE),
                place,
                began,
                lambda: self.stopped.is_set() or (running.ended is not None and not case.meanwhile),
            )
            ended = running.ended
            if self.stopped.is_set():
                raise Interrupted
        finally:
            running.end()
        until = time.monotonic() + LOOK_LONGER
        while ended and row.bound and row.bound(since_change(recording)[1]) is None and time.monotonic() < until:
            time.sleep(0.5)
        zero, seen = since_change(recording)
        return Result(None if ended is None else ended - zero, running.code or 0, running.output, seen)


class Interrupted(Exception):
    """Somebody wanted it to end: what was silent so far might have spoken."""


def _cells(row: Row, jobs: Sequence[Future[Result]]) -> Sequence[str]:
    """The row; one that couldn't be measured says why, and doesn't take the others with it."""
    try:
        return cells(row, [job.result() for job in jobs])
    except Exception as error:  # noqa: BLE001 - whatever it is
        return f"{row.letter} {row.title}", f"not measured: {error!r}", *([""] * len(jobs))


if __name__ == "__main__":
    sys.exit(main())

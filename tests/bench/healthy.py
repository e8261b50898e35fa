"""`python -m tests.bench.healthy [TIMES]`: how long after a healthy rollout is proven the program ends, on the lab."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence

from attrs import evolve

from tests.bench import bounds, page
from tests.bench.measured import Running
from tests.bench.repeated import times_on_the_lab
from tests.bench.set_up import set_up
from tests.bench.shown import since_change
from tests.bench.tools import Promokit
from tests.bench.verdict_cases import ROWS, Row
from tests.lab import actors
from tests.lab.cases import CASES
from tests.lab.cases.images import to
from tests.lab.place import Place
from tests.lab.recorder import Recording

LONGEST = 60.0
SETTLED = 1.0
HEAD = ("rollouts of 2 pods", "from the change to the completion", "from completion and stability window to the exit")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write it down."""
    times = times_on_the_lab("healthy", __doc__, arguments)
    images, tool = actors.publish(), Promokit("healthy")
    with set_up(evolve(CASES["success"], name="healthy"), tool, images) as place:
        found = [_rollout(place, tool, ROWS[0], ("better", "another")[number % 2]) for number in range(times)]
    completed, after = zip(*found, strict=True)
    page.write(
        "healthy", "python -m tests.bench.healthy", page.table(HEAD, [(str(times), _spread(completed), _spread(after))])
    )
    return 0


def _rollout(place: Place, tool: Promokit, row: Row, image: str) -> tuple[float, float]:
    """How long one took to complete, and how much later than it was proven the program ended."""
    time.sleep(SETTLED)
    case = evolve(CASES["success"], change=to(image))
    with Recording(place.cluster, place.namespace).running() as recording:
        environ = tool.environ(place, row)
        running = Running(tool.change(place, case, row), place.cluster.port(6443), environ, sampled=False)
        try:
            running.wait(LONGEST)
        finally:
            running.end()
        zero, seen = since_change(recording)
    completed, proven = bounds.completed(seen), row.bound and row.bound(seen)
    if running.code or running.ended is None or completed is None or proven is None:
        raise RuntimeError(f"not a healthy rollout: {running.output[-2000:]}")
    return completed, running.ended - zero - proven


def _spread(figures: Sequence[float]) -> str:
    return f"median {statistics.median(figures):.2f} s ({min(figures):.2f} to {max(figures):.2f})"


if __name__ == "__main__":
    sys.exit(main())

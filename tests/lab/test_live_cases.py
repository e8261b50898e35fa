"""Each case of a rollout, made and judged by promokit on the lab's real node; some of them while something breaks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from tests.lab import actors, live
from tests.lab.cases import CASES, LIVE
from tests.lab.faults import FAULTS
from tests.lab.live import Ending
from tests.lab.runs import Run, Runs
from tests.lab.state import Lab

pytestmark = pytest.mark.lab
TEST = "test_a_case_is_judged_right_on_a_real_node"
UNDER_A_FAULT = {
    "api-server-killed": "ready-then-crash",
    "watch-cut": "slow-start",
    "history-gone": "config-map-missing",
    "too-busy": "crash-loop",
    "token-expired": "success",
}
"""One case for each fault; the soak has all."""
RUNS = [*map(Run, LIVE), *(Run(case, fault) for fault, case in UNDER_A_FAULT.items())]


@pytest.fixture(scope="module")
def endings(lab: Lab, request: pytest.FixtureRequest) -> Iterator[dict[Run, Future[Ending]]]:
    """How those runs end that were chosen; all have begun."""
    names = {item.name for item in request.session.items if item.nodeid.startswith(request.node.nodeid)}
    runs = Runs(actors.publish())
    try:
        yield runs.start(run for run in RUNS if f"{TEST}[{run}]" in names)
    finally:
        runs.stop()


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_a_case_is_judged_right_on_a_real_node(run: Run, endings: dict[Run, Future[Ending]]) -> None:
    """Outcome, reason and whom the evidence blames are the case's, under a fault too, and that did strike."""
    ending = endings[run].result()
    assert not live.wrong(CASES[run.case], ending)
    assert bool(ending.hits) == bool(run.fault)


def test_each_fault_is_tried() -> None:
    """None is left for the soak alone."""
    assert set(UNDER_A_FAULT) == set(FAULTS)

"""The table's rows: which case of the lab it is, how it ends in truth, and what shows that. Data."""

from __future__ import annotations

from attrs import frozen

from tests.bench import bounds
from tests.bench.bounds import Bound


@frozen
class Row:
    """A row of the table. `bound` is None where nothing proves it."""

    letter: str
    title: str
    case: str
    succeeds: bool
    bound: Bound | None
    flags: tuple[str, ...] = ("--stable-for", "2s")
    asks_registry: bool = True
    """Whether promokit can ask the registry: it would refuse to start with an image that isn't there yet."""

    @property
    def bound_of_others(self) -> Bound | None:
        """What shows it to a program that calls a complete Deployment a success, and waits for nothing after."""
        return bounds.completed if self.succeeds else self.bound


ROWS = (
    Row("a", "success", "success", True, bounds.complete_for(2)),
    Row("b", "crash loop", "crash-loop", False, bounds.terminated_twice),
    Row("c", "no such image", "no-such-image", False, bounds.not_found),
    Row("d", "probe never passes", "probe-never-passes", False, None),
    Row("e", "ConfigMap missing", "config-map-missing", False, bounds.missing_config),
    Row("f", "unschedulable", "unschedulable", False, bounds.unschedulable),
    Row("g", "quota used up", "quota-used-up", False, bounds.refused_twice),
    Row(
        "h",
        "Ready, crashes 5 s later",
        "ready-then-crash",
        False,
        bounds.terminated_twice,
        ("--stable-for", "10s"),
    ),
    Row("i", "Job fails (backoffLimit 1)", "job-fails", False, bounds.job_failed, ()),
    Row("j", "image appears after 20 s", "image-appears", True, bounds.complete_for(2), asks_registry=False),
    Row("k", "slow start, 25 s a pod", "slow-start", True, bounds.complete_for(2)),
    Row("l", "b with progressDeadlineSeconds 10", "crash-loop-short-deadline", False, bounds.terminated_twice),
)

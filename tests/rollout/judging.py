"""Judging by what was seen when: a line of the test is a line of the story."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from promokit.cluster.objects import Object
from promokit.rollout.judgement import Judgement
from promokit.rollout.policy import Policy
from promokit.rollout.snapshot import Snapshot
from promokit.rollout.verdict import judge
from tests.factories import WORKLOAD

Seen = tuple[float, Object]
POLICY = Policy(generation=2, template="new", stable_for=10)


def policy(**changes: Any) -> Policy:
    return Policy(**{"generation": 2, "template": "new", "stable_for": 10, **changes})


def snapshot(seen: Iterable[Seen]) -> Snapshot:
    """Return what is known after objects were seen, each at its second."""
    known = Snapshot()
    for t, each in seen:
        known.see(each, t)
    return known


def judged(now: float, *seen: Seen, by: Policy = POLICY) -> Judgement:
    return judge(snapshot(seen), WORKLOAD, by, now)


def word(now: float, *seen: Seen, by: Policy = POLICY) -> str:
    """Return `outcome: reason`."""
    verdict = judged(now, *seen, by=by).verdict
    return f"{verdict.outcome}: {verdict.reason}"

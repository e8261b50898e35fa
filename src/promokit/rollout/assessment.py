"""The rollouts of all workloads of an environment, judged together. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from promokit.model import Workload
from promokit.rollout.judgement import Judgement, Verdict, combine, decided
from promokit.rollout.policy import Policy
from promokit.rollout.snapshot import Snapshot
from promokit.rollout.verdict import judge


@frozen
class Assessment:
    """The verdict on all, that on each workload, and when to look again if nothing happens before.

    `final`: the first failure decides; otherwise all must have ended.
    """

    verdict: Verdict
    judgements: Mapping[Workload, Judgement]
    look_again: float
    final: bool


def assess(snapshot: Snapshot, policies: Mapping[Workload, Policy], now: float) -> Assessment:
    """Judge every workload by its policy at second `now`, and all of them together."""
    judgements = {each: judge(snapshot, each, policy, now) for each, policy in policies.items()}
    return assessed(judgements, now)


def assessed(judgements: Mapping[Workload, Judgement], now: float) -> Assessment:
    """Return what the judgements on the workloads come to."""
    verdicts = [each.verdict for each in judgements.values()]
    going = [each.look_again for each in judgements.values() if not each.verdict.final]
    return Assessment(combine(verdicts, now), judgements, min(going, default=now), decided(verdicts))

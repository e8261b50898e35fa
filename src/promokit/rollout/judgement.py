"""What a judgement is made of: the verdict with its evidence, and when to look again. Pure types."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, frozen

from promokit.outcome import EXIT_CODES, Outcome
from promokit.rollout.look import Sign
from promokit.rollout.reasons import REMEDIES


@frozen
class Evidence:
    """What a verdict rests on: where it was seen, and the words of the cluster.

    `rests_on` names the state, condition or Event; `log` is the container's last lines.
    """

    workload: str
    pod: str = ""
    container: str = ""
    exit_code: int | None = None
    message: str = ""
    count: int = 1
    rests_on: str = ""
    log: tuple[str, ...] = ()


@frozen
class Verdict:
    """How a workload's rollout stands at `t` seconds: outcome and reason are words of closed lists."""

    outcome: Outcome
    reason: str
    t: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    workload: str = ""

    @property
    def remedy(self) -> str:
        """What to do about it; empty where nothing is to be done."""
        return REMEDIES[self.reason]

    @property
    def exit_code(self) -> int:
        """The exit code of a process that ends with this verdict."""
        return EXIT_CODES[self.outcome]

    @property
    def final(self) -> bool:
        """Whether the rollout has ended."""
        return self.outcome is not Outcome.PROGRESSING


@frozen
class Judgement:
    """A verdict, when to look again if nothing happens before (seconds since the change), and all signs there are."""

    verdict: Verdict
    look_again: float
    signs: tuple[Sign, ...] = ()


def evidence_of(sign: Sign) -> Evidence:
    """Return a sign as evidence."""
    return Evidence("", sign.pod, sign.container, sign.exit_code, sign.message, sign.count, sign.rests_on)


def decided(verdicts: Iterable[Verdict]) -> bool:
    """Say whether the rollout of all workloads is over: the first failure decides, otherwise all must have ended."""
    listed = list(verdicts)
    return any(each.outcome is Outcome.FAILED for each in listed) or all(each.final for each in listed)


def combine(verdicts: Iterable[Verdict], now: float) -> Verdict:
    """Return the verdict on all workloads: the worst one decides, and all must have succeeded to succeed."""
    worst = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.TIMED_OUT, Outcome.PROGRESSING, Outcome.SUCCEEDED)
    ordered = sorted(verdicts, key=lambda each: worst.index(each.outcome))
    evidence = tuple(found for each in ordered if each.outcome is ordered[0].outcome for found in each.evidence)
    return evolve(ordered[0], t=now, evidence=evidence)

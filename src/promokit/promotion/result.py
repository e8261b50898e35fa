"""What an operation came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import asdict, frozen

from promokit.migration.verdict import MigrationVerdict
from promokit.outcome import EXIT_CODES
from promokit.rollout.judgement import Evidence, Verdict
from promokit.rollout.standing import Standing


@frozen
class Result:
    """The outcome of a rollout, migration, promotion or rollback, with its reason word, evidence and remedy.

    `duration` is in seconds. `head` is the ledger's head after it. `next_steps` are sentences for the person. `back` is
    how going back by itself ended, where that was tried: succeeded, or why it isn't back. `standings` are how a
    rollout's workloads stood at its end, each with its own verdict. `unwritten` are the operation's lines where the
    ledger couldn't be written, to be taken in later.
    """

    outcome: str
    reason: str
    changed: bool = False
    remedy: str = ""
    image: str = ""
    previous: str = ""
    rolled_back: bool = False
    back: str = ""
    duration: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    migration: str = ""
    job: str = ""
    head: str = ""
    next_steps: tuple[str, ...] = ()
    unwritten: tuple[Mapping[str, Any], ...] = ()
    standings: tuple[Standing, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether all of it succeeded."""
        return self.outcome == "succeeded"

    @property
    def exit_code(self) -> int:
        """0 succeeded, 1 failed, 4 timed out, 5 inconclusive."""
        return EXIT_CODES[self.outcome]

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data; the workloads as `promokit explain -o json` tells them, with numbers."""
        data = asdict(self, filter=lambda attribute, value: attribute.name != "standings")
        return {**data, "workloads": [_workload(each) for each in self.standings]}


def _workload(standing: Standing) -> dict[str, Any]:
    verdict = standing.verdict
    return {
        "workload": str(standing.workload),
        "outcome": str(verdict.outcome),
        "reason": verdict.reason,
        "t": round(verdict.t, 3) if verdict.final else None,
        "remedy": verdict.remedy,
        **{count: getattr(standing, count) for count in ("wanted", "updated", "ready", "available")},
    }


def of_rollout(verdict: Verdict, **facts: Any) -> Result:
    """Return the result that a rollout's verdict is; `facts` are other fields of it."""
    return Result(
        str(verdict.outcome),
        verdict.reason,
        remedy=verdict.remedy,
        duration=verdict.t,
        evidence=verdict.evidence,
        **facts,
    )


def of_migration(verdict: MigrationVerdict, **facts: Any) -> Result:
    """Return the result that a migration's verdict is."""
    evidence = (Evidence(verdict.job, message=verdict.message),) if verdict.message else ()
    return Result(
        verdict.outcome,
        verdict.reason,
        remedy=verdict.remedy,
        duration=verdict.seconds,
        evidence=evidence,
        migration=verdict.outcome,
        job=verdict.job,
        **facts,
    )

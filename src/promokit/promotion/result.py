"""What an operation came to."""

from __future__ import annotations

from typing import Any

from attrs import asdict, frozen

from promokit.migration.verdict import MigrationVerdict
from promokit.rollout.judgement import Evidence, Verdict

_EXIT_CODES = {"succeeded": 0, "failed": 1, "timed_out": 4, "inconclusive": 5}


@frozen
class Result:
    """The outcome of a rollout, migration, promotion or rollback, with its reason word, evidence and remedy.

    `duration` is in seconds. `head` is the ledger's head after it. `next_steps` are sentences for the person.
    """

    outcome: str
    reason: str
    changed: bool = False
    remedy: str = ""
    image: str = ""
    previous: str = ""
    rolled_back: bool = False
    duration: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    migration: str = ""
    job: str = ""
    head: str = ""
    next_steps: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether all of it succeeded."""
        return self.outcome == "succeeded"

    @property
    def exit_code(self) -> int:
        """0 succeeded, 1 failed, 4 timed out, 5 inconclusive."""
        return _EXIT_CODES[self.outcome]

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return asdict(self)


def of_rollout(verdict: Verdict, **facts: Any) -> Result:
    """Return the result that a rollout's verdict is."""
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

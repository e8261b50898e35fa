"""How a rollout or a migration stands or ended, and the exit code that says so: one closed list for both."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Outcome(StrEnum):
    """How a rollout or migration stands or ended."""

    PROGRESSING = "progressing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    INCONCLUSIVE = "inconclusive"


EXIT_CODES: Mapping[str, int] = {
    Outcome.PROGRESSING: 0,
    Outcome.SUCCEEDED: 0,
    Outcome.FAILED: 1,
    Outcome.TIMED_OUT: 4,
    Outcome.INCONCLUSIVE: 5,
}

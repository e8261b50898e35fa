"""What promokit raises: one root, a few kinds; each knows its exit code and says how to get out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

LONGEST = 5000
"""Characters of what an error tells: a plan's refusal with every gate has room."""


class PromokitError(Exception):
    """Something stopped promokit: `what` happened, `where`, and the `remedy`; `str()` is all three in a line.

    `reason` is a word of a closed list for programs: the gate's or the doubt's where there is one, else the kind's
    `word`. `exit_code` belongs to the kind: the process that stops because of the error ends with it.
    """

    exit_code: ClassVar[int] = 1
    word: ClassVar[str] = "failed"
    changed = False
    """Whether anything was changed before it was raised: set by the operation that it ends."""
    table: Sequence[Sequence[str]] = ()
    """What a line can't hold, where there is such: rows, of which the first is the head."""
    unwritten: Sequence[Mapping[str, Any]] = ()
    """The lines of the operation that it ends, where its ledger couldn't be written."""

    def __init__(
        self, what: str, *, where: str | None = None, remedy: str | None = None, reason: str | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy
        self.reason = reason or self.word

    def __str__(self) -> str:
        place = f" ({_one_line(self.where)})" if self.where else ""
        remedy = f". Remedy: {_one_line(self.remedy).rstrip('.')}." if self.remedy else ""
        return f"{_one_line(self.what).rstrip('.')}{place}{remedy}"


class ConfigError(PromokitError):
    """Wrong use or configuration: nothing was tried, and the same call fails again until it is changed."""

    exit_code: ClassVar[int] = 2
    word: ClassVar[str] = "wrong-use"


class Refused(PromokitError):
    """A gate or the lease said no. No workload, Job or ledger was changed."""

    exit_code: ClassVar[int] = 3
    word: ClassVar[str] = "refused"


class Superseded(PromokitError):
    """Another operation took over, or somebody else changed the workloads: this one let go where it stood."""

    exit_code: ClassVar[int] = 5
    word: ClassVar[str] = "superseded"


class Unreachable(PromokitError):
    """Cluster, registry, GitHub or Slack could not be asked, or didn't say what is needed: unknown."""

    exit_code: ClassVar[int] = 5
    word: ClassVar[str] = "unreachable"


class NotAccepted(PromokitError):
    """The API server, or an admission policy in front of it, was asked and said no to what was written."""

    word: ClassVar[str] = "not-accepted"


class VerificationFailed(PromokitError):
    """What was read contradicts what was promised, as bytes that don't have their digest."""

    exit_code: ClassVar[int] = 1
    word: ClassVar[str] = "not-verified"


def _one_line(text: str) -> str:
    """Text from outside may be in here: no line breaks, no terminal control, and no end of it."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[:LONGEST]).split())
    return line if len(text) <= LONGEST else f"{line}…"

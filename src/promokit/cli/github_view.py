"""Progress in a GitHub job's log: the steps of a rollout folded, causes and the end never."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import IO

import click

from promokit.cli.changes import Changes, one_line
from promokit.github.escape import plain
from promokit.github.runner import Runner
from promokit.model import Workload
from promokit.outcome import Outcome
from promokit.rollout.standing import Standing, evidence_line

MOST_ANNOTATIONS = 9
"""GitHub shows ten errors of a step; the last is the verdict's. What is above is told as lines."""


class GitHubView:
    """One group a rollout holds its steps. A workload's failure ends it and is an annotation, once, with its cause."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self._runner = stream, Runner({}, stdout=stream)
        self._changes, self._group, self._open = Changes(), ExitStack(), False
        self._annotated: set[tuple[Workload, str]] = set()

    def __call__(self, text: str, /) -> None:
        """Print a line of progress, unfolded: a warning, what is waited for, a migration's log."""
        self.close()
        with suppress(OSError, ValueError):
            click.echo(plain(text), file=self._stream)

    def show(self, now: float, standings: Sequence[Standing]) -> None:
        """Print what has changed: under way and succeeded in the group, failed and the end of all outside."""
        for each in self._changes.of(now, standings):
            if each.standing is None:
                self(each.line)
            elif each.standing.verdict.final and each.standing.verdict.outcome is not Outcome.SUCCEEDED:
                self._failed(each.line, each.standing)
            else:
                self._folded(each.line, standings)

    def close(self) -> None:
        """End the group that is open: what follows isn't folded."""
        self._open = False
        with suppress(OSError, ValueError):
            self._group.close()

    def _folded(self, line: str, standings: Sequence[Standing]) -> None:
        with suppress(OSError, ValueError):
            if not self._open:
                names = ", ".join(str(each.workload) for each in standings[:3])
                more = f" and {len(standings) - 3} more" if len(standings) > 3 else ""
                self._group.enter_context(self._runner.group(f"Rollout of {names}{more}, step by step"))
                self._open = True
            click.echo(line, file=self._stream)

    def _failed(self, line: str, standing: Standing) -> None:
        verdict, key = standing.verdict, (standing.workload, standing.verdict.reason)
        if key in self._annotated or len(self._annotated) >= MOST_ANNOTATIONS:
            return self(line)
        self._annotated.add(key)
        self.close()
        cause = evidence_line(verdict.evidence[0]) if verdict.evidence else ""
        told = f"{standing.workload}: {verdict.outcome}: {verdict.reason}  {cause}"
        with suppress(OSError, ValueError):
            self._runner.error(one_line(told), title=f"{standing.workload}: {verdict.reason}")
        return None

"""Progress as plain lines, where there is neither a terminal nor a GitHub job: only what changed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import IO

import click

from promokit.cli.changes import Changes
from promokit.github.escape import plain
from promokit.rollout.standing import Standing


class PlainView:
    """Prints lines, foreign text escaped. A reader who has gone away stops nothing."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self._changes = stream, Changes()

    def __call__(self, text: str, /) -> None:
        """Print a line of progress."""
        with suppress(OSError, ValueError):
            click.echo(plain(text), file=self._stream)

    def show(self, now: float, standings: Sequence[Standing]) -> None:
        """Print a line for what has changed."""
        for each in self._changes.of(now, standings):
            self(each.line)

    def close(self) -> None:
        """Nothing is left open."""

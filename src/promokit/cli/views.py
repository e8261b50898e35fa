"""Which view people get: live on a terminal, folded in a GitHub job, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TextIO

import click

from promokit.cli.github_view import GitHubView
from promokit.cli.live import LiveView
from promokit.cli.plain_view import PlainView
from promokit.rollout.standing import View


class ClosedView(View, Protocol):
    """A view that is closed before the verdict is printed."""

    def close(self) -> None:
        """Leave nothing open: no group that folds, no picture that is drawn over."""


@contextmanager
def following() -> Iterator[ClosedView]:
    """Follow an operation: what is yielded takes its progress, and is closed however the operation ends."""
    context = click.get_current_context(silent=True)
    json_asked = context is not None and context.params.get("output") == "json"
    view = view_for(os.environ, sys.stderr, sys.stdout, json_asked=json_asked)
    try:
        yield view
    finally:
        view.close()


def view_for(environ: Mapping[str, str], errors: TextIO, output: TextIO, *, json_asked: bool) -> ClosedView:
    """Choose the view. Progress goes to `errors`, so that `output` has the result alone.

    But in a GitHub job the verdict must come after the end of the groups, and the runner promises no order between
    the two streams: there it goes to `output` too, unless JSON is asked for.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        return GitHubView(errors if json_asked else output)
    if _is_live(environ, errors):
        return LiveView(errors, colour=not environ.get("NO_COLOR"))
    return PlainView(errors)


def _is_live(environ: Mapping[str, str], errors: TextIO) -> bool:
    """A terminal that can go up a line (TERM isn't dumb), and whose lines no CI keeps."""
    in_ci = environ.get("CI", "").lower() not in {"", "0", "false"}
    return errors.isatty() and environ.get("TERM", "dumb") != "dumb" and not in_ci

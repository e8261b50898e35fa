"""The command line: one file a command, and one place that turns results and errors into output and exit."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]

_NEW_OBJECTS = 500_000
"""So many before the interpreter looks for rubbish. What a start makes, with all clients some 110,000, stays: to look
through it takes a tenth of a second of the start."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit. A signal that comes while it is still being loaded ends it: nothing has begun."""
    import gc
    import os
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: os._exit(128 + number))
    gc.set_threshold(_NEW_OBJECTS)
    from promokit.cli.app import main as run

    run(arguments)

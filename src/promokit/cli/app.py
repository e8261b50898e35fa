"""`promokit`: finds the command, runs it, and ends the process as its result or error says."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import click

from promokit.cli.ending import Stopped, end_with_error, end_with_signal

CLOSING_SECONDS = 7.0
"""Below the 7.5 s after which GitHub sends SIGTERM, above what closing takes where no server answers."""
COMMANDS = (
    *("resolve", "plan", "promote", "rollout", "migrate", "rollback"),
    *("status", "check", "history", "explain", "hold", "adopt", "override", "notify", "tag"),
)


class Commands(click.Group):
    """Loads a command's file only when it is called: a command pays for what it uses."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of their use."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"promokit.cli.{cmd_name}").command
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="promokit")
def cli() -> None:
    """Promote one immutable image TEST → SANDBOX → PROD: gated, recorded, reversible.

    Exit codes: 0 succeeded, allowed or nothing to do; 1 failed; 2 wrong use; 3 refused; 4 timed out; 5 unknown;
    70 a bug in promokit; 130 or 143 stopped by a signal.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit. No traceback reaches a user; --debug shows it."""
    _open_closed_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug, stop = "--debug" in words, Stop()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        sys.exit(_run([each for each in words if each != "--debug"]))
    except Stopped as stopped:
        end_with_signal(stopped, words, os.environ)
    except (Exception, click.Abort) as error:
        if debug:
            raise
        end_with_error(error, words, os.environ)
    finally:
        gc.freeze()  # at its end the interpreter would look once more through all there is, for a third of a second


def _open_closed_streams() -> None:
    """Put the null device where a standard stream was closed: else the next connection would get its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - until the process ends


def _run(words: list[str]) -> Any:
    return cli.main(args=words, prog_name="promokit", standalone_mode=False) or 0


class Stop:
    """The handler of signals: the first one stops what runs. Those that come while it is being closed change nothing.

    Closing is bounded in time. After that a signal stops again: the first one may have come where Python lets no
    exception out, as in a destructor.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stopped_at = float("-inf")

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Raise Stopped, unless that was done a moment ago."""
        del frame
        now = self._clock()
        if now - self._stopped_at > CLOSING_SECONDS:
            self._stopped_at = now
            raise Stopped(number)

"""The one place that turns a result or an error into output, the runner's files, and an exit code."""

from __future__ import annotations

import itertools
import json
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import click
from attrs import field, frozen

from promokit.errors import PromokitError, Superseded
from promokit.github.escape import plain
from promokit.github.runner import Runner

BUG = 70
_REGISTRY_HOST = re.compile(r"\b\d{12}\.dkr[.-]ecr[\w.-]*/")


class Stopped(BaseException):
    """A signal asked the process to stop. Not an Exception, so that nothing on the way takes it for an error."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@frozen
class Ending:
    """What a command came to: `data` for -o json, `text` for people, outputs and summary for a GitHub job."""

    data: Mapping[str, Any]
    text: str = ""
    exit_code: int = 0
    outputs: Mapping[str, Any] = field(factory=dict)
    summary: str = ""
    error: str = ""


def end(ending: Ending, output: str, environ: Mapping[str, str]) -> int:
    """Print a command's ending, write the runner's files, and return the exit code."""
    if output == "json":
        click.echo(json.dumps(ending.data, indent=2, default=str))
    elif ending.text:
        click.echo(plain(ending.text))
    runner = Runner.from_environ(environ)
    if runner is not None:
        for name, value in ending.outputs.items():
            runner.output(name, _text(value))
        if ending.summary:
            runner.summary(ending.summary)
        if ending.error:
            runner.error(ending.error)
    return ending.exit_code


def end_with_error(error: BaseException, words: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Say what went wrong in one line with its remedy, and exit as its kind says."""
    line, code = _line(error)
    changed = getattr(error, "changed", False)
    outcome = _outcome(error, code, changed)
    if _json_asked(words):
        click.echo(json.dumps({"error": line, "exit_code": code, "outcome": outcome, "changed": changed}))
    click.echo(f"promokit: {plain(line)}", err=True)
    runner = Runner.from_environ(environ)
    if runner is not None:
        runner.output("outcome", outcome)
        runner.output("reason", without_host(line))
        runner.output("changed", _text(changed))
        runner.error(line)
    sys.exit(code)


def end_with_signal(number: int, environ: Mapping[str, str]) -> NoReturn:
    """Exit as a process does that a signal stopped: 130 or 143."""
    runner = Runner.from_environ(environ)
    if runner is not None:
        runner.output("outcome", "cancelled")
        runner.output("reason", f"stopped by {signal.Signals(number).name}")
    click.echo(f"promokit: stopped by {signal.Signals(number).name}; what was begun is in the ledger", err=True)
    sys.exit(128 + number)


def without_host(text: str) -> str:
    """Leave a registry's host out of an image's name: GitHub drops an output that holds a masked account id."""
    return _REGISTRY_HOST.sub("", text)


def _outcome(error: BaseException, code: int, changed: bool) -> str:
    """Return the word for an error; `unknown` and `refused` say that nothing was changed, so they mustn't else."""
    if isinstance(error, Superseded):
        return "superseded"
    if code in {2, BUG}:
        return "error"
    if changed:
        return "inconclusive" if code == 5 else "failed"
    return {3: "refused", 5: "unknown"}.get(code, "failed")


def _json_asked(words: Sequence[str]) -> bool:
    """Find -o json in each form that click takes; the words couldn't be parsed, perhaps."""
    joined = {"-ojson", "--output=json"}
    pairs = itertools.pairwise(words)
    return bool(joined & set(words)) or any(first in {"-o", "--output"} and then == "json" for first, then in pairs)


def _line(error: BaseException) -> tuple[str, int]:
    if isinstance(error, PromokitError):
        return str(error), error.exit_code
    if isinstance(error, click.Abort):
        return "not confirmed: nothing was changed", 2
    if isinstance(error, click.ClickException):
        return error.format_message(), 2
    if isinstance(error, BrokenPipeError):
        return "the output was closed", 1
    return f"a bug in promokit: {type(error).__name__}: {error}. Remedy: run it again with --debug and report it.", BUG


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)

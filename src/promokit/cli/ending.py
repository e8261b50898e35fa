"""The one place that turns a result or an error into output, the runner's files, and an exit code."""

from __future__ import annotations

import itertools
import json
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click
from attrs import field, frozen

from promokit.cli.tables import markdown_table, stacked_table
from promokit.errors import ConfigError, PromokitError, Superseded
from promokit.github.escape import markdown_escape, plain
from promokit.github.runner import Runner

BUG = 70
_REGISTRY_HOST = re.compile(r"\b\d{12}\.dkr[.-]ecr[\w.-]*/")


class Stopped(BaseException):
    """A signal asked the process to stop. Not an Exception, so that nothing on the way takes it for an error.

    `changed`, notes on what is true of the cluster, and lines that its ledger doesn't have, are set by the operation
    that it ends.
    """

    changed = False
    unwritten: Sequence[Mapping[str, Any]] = ()

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.signal = signal.Signals(number).name


@frozen
class Ending:
    """What a command came to: `data` for -o json, `text` for people, outputs and summary for a GitHub job.

    `error` and `warning` are annotations of its run.
    """

    data: Mapping[str, Any]
    text: str = ""
    exit_code: int = 0
    outputs: Mapping[str, Any] = field(factory=dict)
    summary: str = ""
    error: str = ""
    warning: str = ""


def end(ending: Ending, output: str, environ: Mapping[str, str]) -> int:
    """Print a command's ending, write the runner's files, and return the exit code."""
    if output == "json":
        click.echo(json.dumps(ending.data, indent=2, default=str))
    elif ending.text:
        click.echo(plain(ending.text))
    _tell_runner(environ, ending.outputs, ending.error, ending.summary, ending.warning)
    return ending.exit_code


def end_with_error(error: BaseException, words: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Say what went wrong in one line with its remedy, and exit as its kind says.

    JSON has the reason in a word for programs; a job's output has the line, which Slack tells people.
    """
    line, code, reason = _told(error)
    changed = getattr(error, "changed", False)
    outcome = _outcome(error, code, changed)
    told = {"outcome": outcome, "reason": reason, "changed": changed}
    head, *rows = getattr(error, "table", None) or ((),)
    table = f"{stacked_table(head, rows)}\n" if rows else ""
    unwritten = getattr(error, "unwritten", ())
    data = {"error": line, "exit_code": code, "details": [dict(zip(head, row, strict=True)) for row in rows], **told}
    _say(f"{table}promokit: {plain(line)}", {**data, "unwritten": unwritten}, words)
    parts = (f"### {outcome}", markdown_escape(line), markdown_table(head, rows) if rows else "")
    summary = "\n\n".join(filter(None, (*parts, _unwritten(unwritten)[1])))
    _tell_runner(environ, {**told, "reason": without_host(line)}, line, summary)
    sys.exit(code)


def end_with_signal(stopped: Stopped, words: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Exit as a process does that a signal stopped: 130 or 143. What it had begun is in the environment's ledger."""
    what, code = f"stopped by {stopped.signal}", 128 + stopped.number
    line = "; ".join((what, *getattr(stopped, "__notes__", ())))
    told = {"outcome": "cancelled", "reason": "cancelled", "changed": stopped.changed}
    unwritten = stopped.unwritten
    _say(f"promokit: {plain(line)}", {"error": line, "exit_code": code, **told, "unwritten": unwritten}, words)
    parts = (f"### {markdown_escape(line)}" if stopped.changed or unwritten else "", _unwritten(unwritten)[1])
    _tell_runner(environ, {**told, "reason": what}, summary="\n\n".join(filter(None, parts)))
    sys.exit(code)


def _say(line: str, data: Mapping[str, Any], words: Sequence[str]) -> None:
    """Say it on stderr, and as JSON where that was asked for; a closed output takes nothing away from the exit code."""
    line += _unwritten(data["unwritten"])[0]
    with suppress(OSError):
        if _json_asked(words):
            click.echo(json.dumps(data))
    with suppress(OSError):
        click.echo(line, err=True)


def _tell_runner(
    environ: Mapping[str, str], outputs: Mapping[str, Any], error: str = "", summary: str = "", warning: str = ""
) -> None:
    """Write the runner's files. One that can't be written is told; it changes nothing of what happened."""
    runner = Runner.from_environ(environ)
    if runner is None:
        return
    try:
        for name, value in outputs.items():
            runner.output(name, _text(value))
        if summary:
            runner.summary(summary)
        if warning:
            runner.warning(warning)
        if error:
            runner.error(error)
    except (OSError, PromokitError) as failed:
        with suppress(OSError):
            click.echo(f"promokit: the runner's files can't be written: {failed}", err=True)


def _unwritten(lines: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Return what is told of lines that a ledger hasn't got, as text and for a summary. Seldom, so loaded then."""
    if not lines:
        return "", ""
    from promokit.cli.unwritten import unwritten_summary, unwritten_text

    return unwritten_text(lines), unwritten_summary(lines)


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


def _told(error: BaseException) -> tuple[str, int, str]:
    """Return the line that tells an error, its exit code, and its reason in a word."""
    if isinstance(error, PromokitError):
        return str(error), error.exit_code, error.reason
    if isinstance(error, click.Abort):
        return "not confirmed: nothing was changed", 2, "not-confirmed"
    if isinstance(error, click.ClickException):
        return _misused(error), 2, ConfigError.word
    if isinstance(error, OSError):
        return f"the output can't be written: {error.strerror or error}", 1, "no-output"
    # Its text may be anything, a secret too: the traceback alone shows it, to whoever asks for it.
    return f"a bug in promokit: {type(error).__name__}. Remedy: run it again with --debug and report it.", BUG, "bug"


def _misused(error: click.ClickException) -> str:
    """Return click's words in one line, with where to read more. No words at all are answered by the whole help."""
    message, context = error.format_message(), getattr(error, "ctx", None)
    if context is None or message == context.get_help():
        return message
    return f"{' '.join(message.split()).rstrip('.')}. Remedy: see {context.command_path} --help."


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)

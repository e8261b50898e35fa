"""The runner's files and commands: outputs, the job summary, groups, annotations, masks."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from promokit.errors import ConfigError
from promokit.github.escape import escape_data, escape_property, output_block, plain

MOST_SUMMARY = 1_000_000
"""Bytes of one step's summary that are written; the runner refuses a summary of more than 1 MiB."""


class Runner:
    """The GitHub Actions runner around this process. Each method escapes what it writes, but `summary`."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        stdout: IO[str] | None = None,
        delimiter: Callable[[], str] = lambda: f"promokit-{secrets.token_hex(16)}",
    ) -> None:
        """`delimiter` makes the random word that ends an output's value."""
        self._environ = environ
        self._stdout = stdout
        self._delimiter = delimiter

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Runner | None:
        """The runner; None outside of GitHub Actions."""
        return cls(environ) if environ.get("GITHUB_ACTIONS") == "true" else None

    def output(self, name: str, value: str) -> None:
        """Sets the step's output, whatever lines the value has."""
        self._append("GITHUB_OUTPUT", output_block(name, value, self._delimiter()))

    def summary(self, markdown: str) -> None:
        """Adds to the job summary. Foreign text in it must be through `markdown_escape` already."""
        content = (markdown.rstrip("\n") + "\n\n").encode(errors="replace")
        if len(content) > MOST_SUMMARY:
            content = content[:MOST_SUMMARY] + "\n\n…cut: the summary is too long.\n".encode()
        self._append("GITHUB_STEP_SUMMARY", content.decode(errors="ignore"))

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """What is printed inside is folded in the log under this title."""
        self._command("group", plain(title))
        try:
            yield
        finally:
            self._command("endgroup", "")

    def error(self, message: str, title: str | None = None) -> None:
        """An error annotation on the run."""
        self._annotate("error", message, title)

    def warning(self, message: str, title: str | None = None) -> None:
        """A warning annotation on the run."""
        self._annotate("warning", message, title)

    def notice(self, message: str, title: str | None = None) -> None:
        """A notice annotation on the run."""
        self._annotate("notice", message, title)

    def mask(self, text: str) -> None:
        """The runner shows *** for this text from here on; line by line, since it masks within lines."""
        for line in filter(None, text.splitlines()):
            self._command("add-mask", line)

    def _annotate(self, kind: str, message: str, title: str | None) -> None:
        properties = f" title={escape_property(plain(title))}" if title else ""
        self._command(f"{kind}{properties}", plain(message))

    def _command(self, command: str, data: str) -> None:
        print(f"::{command}::{escape_data(data)}", file=self._stdout or sys.stdout, flush=True)

    def _append(self, variable: str, text: str) -> None:
        path = self._environ.get(variable)
        if not path:
            raise ConfigError(f"the runner gives no {variable}", remedy="run this as a step of a job")
        try:
            with open(path, "a", encoding="utf-8", errors="replace", newline="") as file:
                file.write(text)
        except OSError as error:
            raise ConfigError(f"the runner's file can't be written ({error.strerror})", where=variable) from None

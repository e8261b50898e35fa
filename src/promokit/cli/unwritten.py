"""Lines that a ledger doesn't have because it couldn't be written, with the command that takes them in. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from promokit.cli.report import block
from promokit.github.escape import plain, plain_line
from promokit.ledger.unwritten import ENVIRONMENT, told_text

Lines = Sequence[Mapping[str, Any]]
_TOLD = "The ledger doesn't have these lines. Once it can be written again, this takes them in:"


def unwritten_text(lines: Lines) -> str:
    """Return them for a terminal, to be copied into a shell; empty text for none."""
    return "\n".join(("", _TOLD, *map(plain, _command(lines)))) if lines else ""


def unwritten_summary(lines: Lines) -> str:
    """Return them for a job summary, as a block that can be copied; empty text for none."""
    return f"**{_TOLD}**\n\n{block(_command(lines))}" if lines else ""


def unwritten_warning(environment: str, lines: Lines) -> str:
    """Return the annotation of a run that ended without its ledger; empty text where it didn't."""
    if not lines:
        return ""
    held = ", and nothing holds what was left" if any(each["kind"] == "hold" for each in lines) else ""
    told = f"the ledger of {plain_line(environment)} doesn't say what was done{held}"
    return f"{told}: take its lines in with the command in the job summary"


def _command(lines: Lines) -> list[str]:
    """A shell changes nothing in a document whose end is quoted, and no line of JSON is its end."""
    environment = shlex.quote(plain_line(str(lines[0][ENVIRONMENT])))
    return [f"promokit adopt {environment} --lines - --yes <<'LINES'", *map(told_text, lines), "LINES"]

"""What a rollout's end tells beyond its verdict: causes, the table of workloads, the pods' last log lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from promokit.cli.changes import LONGEST_LINE, one_line
from promokit.cli.tables import Rows, markdown_table, text_table
from promokit.durations import format_duration
from promokit.github.escape import markdown_escape, plain
from promokit.github.runner import MOST_SUMMARY
from promokit.outcome import Outcome
from promokit.rollout.judgement import Evidence
from promokit.rollout.standing import Standing, evidence_line

MOST_CAUSES = 5
"""Causes told on a terminal, the first with its log: the verdict above them stays in sight. The JSON has all."""
MOST_ROWS = 20
MOST_LOGS = MOST_SUMMARY - 50_000
"""Bytes of a summary up to which logs are added."""
MOST_SUMMARY_CAUSES = 50
LONGEST_LOG_LINE = 2000
_HEAD = ("workload", "outcome", "reason", "updated", "took")
_FENCES = re.compile(r"`+")


def cause(evidence: Evidence) -> str:
    """Say in one line what a verdict rests on, with its workload."""
    told = evidence_line(evidence)
    return one_line(f"{evidence.workload}: {told}" if evidence.workload else told)


def cause_lines(evidence: Sequence[Evidence]) -> list[str]:
    """Return the causes for a terminal: the first ones, one log, and how many more there are."""
    lines: list[str] = []
    logged = next((each for each in evidence[:MOST_CAUSES] if each.log), None)
    for each in evidence[:MOST_CAUSES]:
        lines.append(cause(each))
        if each is logged:
            lines += [f"  | {one_line(line)}" for line in each.log]
    more = len(evidence) - MOST_CAUSES
    return [*lines, f"and {more} more: -o json has all"] if more > 0 else lines


def workload_table(standings: Sequence[Standing]) -> str:
    """Return the workloads for a terminal: those that didn't succeed before the others, and how many have no row."""
    ordered = sorted(standings, key=lambda each: each.verdict.outcome is Outcome.SUCCEEDED)
    more = len(ordered) - MOST_ROWS
    table = text_table(_HEAD, _rows(ordered[:MOST_ROWS]))
    return f"{table}\nand {more} more: -o json has all" if more > 0 else table


def details(before: str, standings: Sequence[Standing], evidence: Sequence[Evidence]) -> str:
    """Return the end of a job summary, which has `before` already: the table, then the logs that have room."""
    parts = [markdown_table(_HEAD, _rows(standings))] if standings else []
    room = MOST_LOGS - sum(len(each.encode(errors="replace")) for each in (before, *parts))
    logs = [each for each in evidence if each.log]
    for number, each in enumerate(logs):
        block = _log(each)
        room -= len(block.encode(errors="replace"))
        if room < 0:
            parts.append(f"The logs of {len(logs) - number} more containers have no room in a job summary.\n")
            break
        parts.append(block)
    return "\n".join(parts)


def fenced(lines: Sequence[str]) -> str:
    """Return foreign lines as a block of code, each cut where it is very long."""
    return block([_log_line(each) for each in lines])


def block(lines: Sequence[str]) -> str:
    """Return foreign lines whole as a block of code, in a fence longer than any in them: nothing in it is markup."""
    text = "\n".join(plain(each) for each in lines)
    longest = max((len(each) for each in _FENCES.findall(text)), default=0)
    fence = "`" * max(longest + 1, 3)
    return f"{fence}text\n{text}\n{fence}\n"


def short(text: str) -> str:
    """Return foreign text as one line of a summary, escaped."""
    return markdown_escape(text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + "…")


def _log(evidence: Evidence) -> str:
    where = "/".join(filter(None, (evidence.pod, evidence.container)))
    return f"Last log lines of {short(where)}:\n\n{fenced(evidence.log)}"


def _log_line(line: str) -> str:
    more = "…" if len(line) > LONGEST_LOG_LINE else ""
    return re.sub(r"[\r\n]", " ", line[:LONGEST_LOG_LINE]) + more


def _rows(standings: Sequence[Standing]) -> Rows:
    return [
        (
            str(each.workload),
            str(each.verdict.outcome),
            each.verdict.reason,
            f"{each.updated}/{each.wanted}" if each.observed else f"-/{each.wanted}",
            format_duration(each.verdict.t),
        )
        for each in standings
    ]

"""Results as text, Markdown, outputs and JSON."""

from __future__ import annotations

from typing import Any

from promokit.cli.changes import one_line
from promokit.cli.ending import Ending, without_host
from promokit.cli.report import MOST_SUMMARY_CAUSES, cause, cause_lines, details, short, workload_table
from promokit.cli.tables import Rows, markdown_table, text_table
from promokit.cli.unwritten import unwritten_summary, unwritten_text, unwritten_warning
from promokit.durations import format_duration
from promokit.github.escape import markdown_escape
from promokit.image import tag_in
from promokit.ledger.record import digest_in
from promokit.outcome import Outcome
from promokit.promotion.result import Result

# After a plain success there is nothing to explain.
_PLAIN = {"complete", "already-done", "none"}


def result_ending(what: str, environment: str, result: Result) -> Ending:
    """Return how a rollout, migration, promotion or rollback ends: the verdict first, then what it rests on."""
    tag, previous = tag_in(result.image), tag_in(result.previous)
    outputs: dict[str, Any] = {
        "outcome": result.outcome,
        "reason": _reason(result),
        "changed": result.changed,
        "tag": tag,
        "digest": digest_in(result.image),
        "previous-tag": previous,
        "rolled-back": result.rolled_back,
        "duration": f"{result.duration:.1f}",
        "job": result.job,
        "ledger-head": result.head,
    }
    head = f"{what} of {environment}: {result.outcome}" + (f" ({result.reason})" if result.reason else "")
    if result.back:
        way = "rolled back by itself" if result.rolled_back else f"AND NOT BACK: {one_line(result.back)}"
        head = f"{head}, {way}"
    facts = [
        ("image", f"{tag} {digest_in(result.image)}".strip()),
        ("before", previous),
        ("took", format_duration(result.duration)),
        ("changed", "yes" if result.changed else "no"),
        ("ledger", result.head[:12]),
    ]
    rows = [each for each in facts if each[1]]
    error = "" if result.succeeded else head + ("" if _is_annotated(result) else _first_cause(result))
    text, summary = _text(head, rows, result), _summary(head, rows, result)
    data, warning = {**result.to_json(), "environment": environment}, unwritten_warning(environment, result.unwritten)
    return Ending(data, text, result.exit_code, outputs, summary, error, warning)


def _reason(result: Result) -> str:
    """Return the reason word, and what Slack must tell beside it: that going back by itself didn't help."""
    if result.back and not result.rolled_back:
        return f"{result.reason}, and not back: {without_host(one_line(result.back))}"
    return "" if result.reason in _PLAIN else result.reason


def _text(head: str, rows: Rows, result: Result) -> str:
    """Return it for a terminal: the verdict, its cause and remedy, then the facts and the workloads."""
    causes = [] if result.succeeded else cause_lines(result.evidence)
    remedy = [f"Remedy: {result.remedy}."] if result.remedy else []
    steps = [one_line(each) for each in result.next_steps]
    lines = [head, *causes, *remedy, *steps, text_table(("", ""), rows).lstrip("\n")]
    if len(result.standings) > 1:
        lines += ["", workload_table(result.standings)]
    return "\n".join((*lines, unwritten_text(result.unwritten))).rstrip("\n")


def _summary(head: str, rows: Rows, result: Result) -> str:
    """Return it for a job summary; it ends with the table of workloads and the pods' last log lines."""
    evidence = () if result.succeeded else result.evidence
    causes = [short(cause(each)) for each in evidence[:MOST_SUMMARY_CAUSES]]
    if len(evidence) > MOST_SUMMARY_CAUSES:
        causes.append(f"and {len(evidence) - MOST_SUMMARY_CAUSES} more")
    remedy = [markdown_escape(f"Remedy: {result.remedy}.")] if result.remedy else []
    steps = [short(each) for each in result.next_steps]
    told = filter(None, (unwritten_summary(result.unwritten),))
    parts = [f"### {markdown_escape(head)}", *causes, *remedy, *steps, *told, markdown_table(("fact", ""), rows)]
    before = "\n\n".join(parts)
    return before + "\n" + details(before, result.standings, evidence)


def _is_annotated(result: Result) -> bool:
    """Whether the view has made the cause an annotation already: it did when a workload's verdict fell."""
    return any(each.verdict.final and each.verdict.outcome is not Outcome.SUCCEEDED for each in result.standings)


def _first_cause(result: Result) -> str:
    return " " + cause(result.evidence[0]) if result.evidence else ""

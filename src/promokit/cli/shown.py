"""Plans and results as text, Markdown, outputs and JSON."""

from __future__ import annotations

import re
from typing import Any

from attrs import asdict

from promokit.cli.changes import one_line
from promokit.cli.ending import Ending, without_host
from promokit.cli.report import MOST_SUMMARY_CAUSES, cause, cause_lines, details, short, workload_table
from promokit.cli.tables import Rows, markdown_table, text_table
from promokit.cli.unwritten import unwritten_summary, unwritten_text, unwritten_warning
from promokit.durations import format_duration
from promokit.github.escape import markdown_escape
from promokit.ledger.record import digest_in, tag_in
from promokit.outcome import Outcome
from promokit.promotion.plan import Plan
from promokit.promotion.plan_text import HEAD, commit_titles, facts, heading, notes, plan_rows
from promokit.promotion.result import Result

# After a plain success there is nothing to explain.
_PLAIN = {"complete", "already-done", "none"}


def plan_ending(plan: Plan) -> Ending:
    """Return how `promokit plan` ends: the table, the encoded plan as an output."""
    image = plan.image
    digest = str(image.digest) if image and image.digest else ""
    tag = (image.tag or "") if image else ""
    outputs: dict[str, Any] = {
        "plan": plan.encode(),
        "digest": digest,
        "tag": tag,
        "revision": plan.revision,
        "previous-tag": plan.previous_tag,
        "migrate": plan.migrate,
        "outcome": plan.outcome,
        "reason": plan.nothing or ("" if plan.allowed else without_host(plan.refusal().what)),
    }
    data = {
        **outputs,
        "reason": plan.nothing or ("" if plan.allowed else plan.refusal().reason),
        "changed": False,
        "environment": plan.environment.name,
        "previous": dict(plan.previous),
        "hash": plan.hash,
        "head": plan.head,
        "expires": plan.expires.isoformat(),
        "gates": [
            {"gate": each.gate, "answer": each.word, "why": each.sentence, "remedy": each.remedy, "facts": each.facts}
            for each in plan.answers
        ],
        "failed-before": [asdict(each) for each in plan.failed_before],
        "commits": list(plan.commits.titles),
        "commits-ahead": plan.commits.ahead,
        "commits-behind": plan.commits.behind,
        "commits-url": plan.commits.url,
    }
    error = "" if plan.allowed else str(plan.refusal())
    return Ending(data, str(plan), plan.exit_code, outputs, _plan_summary(plan), error)


def _plan_summary(plan: Plan) -> str:
    """Return the table for a job summary, and below it what the people should know who approve."""
    parts = [f"### {markdown_escape(heading(plan))}\n", markdown_table(HEAD, plan_rows(plan))]
    parts += [f"⚠️ {short(each)}\n" for each in notes(plan)]
    if plan.commits.titles:
        parts.append(_commits(plan))
    parts.append("\n".join(f"- {short(each)}" for each in facts(plan)) + "\n")
    return "\n".join(parts)


def _commits(plan: Plan) -> str:
    """List the commits; the comparison's address is linked if it is nothing but one."""
    count, url, titles = plan.commits.ahead, plan.commits.url, commit_titles(plan)
    told = "1 commit" if count == 1 else f"{count} commits"
    head = f"[{told}]({url}):" if re.fullmatch(r"https://[\w.:/-]+", url) else f"{told}:"
    lines = [f"- {markdown_escape(each)}" for each in titles]
    if count > len(titles):
        lines.append(f"- and {count - len(titles)} newer ones")
    return head + "\n\n" + "\n".join(lines) + "\n"


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

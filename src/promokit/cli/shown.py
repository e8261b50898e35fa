"""Plans and results as text, Markdown, outputs and JSON."""

from __future__ import annotations

import re
from typing import Any

from promokit.cli.ending import Ending, without_host
from promokit.cli.tables import markdown_table, text_table
from promokit.durations import format_duration
from promokit.github.escape import markdown_escape
from promokit.ledger.record import digest_in
from promokit.promotion.plan import Plan, tag_in
from promokit.promotion.plan_text import heading, plan_rows
from promokit.promotion.result import Result
from promokit.rollout.standing import evidence_line

# After a plain success there is nothing to explain.
_PLAIN = {"complete", "already-done", "none"}
_HEAD = ("gate", "answer", "why", "remedy")


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
        "commits": list(plan.commits),
    }
    summary = [f"### {markdown_escape(heading(plan))}\n", markdown_table(_HEAD, plan_rows(plan))]
    if plan.commits:
        summary.append(_commits(plan))
    summary.append(f"Plan `{plan.hash[:12]}`, ledger head `{plan.head[:12]}`\n")
    error = "" if plan.allowed else str(plan.refusal())
    return Ending(data, str(plan), plan.exit_code, outputs, "\n".join(summary), error)


def _commits(plan: Plan) -> str:
    """List the commits; the comparison's address is linked if it is nothing but one."""
    link = re.fullmatch(r"https://[\w.:/-]+", plan.commits_url)
    head = f"[Commits]({plan.commits_url}):" if link else "Commits:"
    return head + "\n\n" + "\n".join(f"- {markdown_escape(each)}" for each in plan.commits) + "\n"


def result_ending(what: str, environment: str, result: Result) -> Ending:
    """Return how a rollout, migration, promotion or rollback ends: the verdict first, then what it rests on."""
    tag, previous = tag_in(result.image), tag_in(result.previous)
    outputs: dict[str, Any] = {
        "outcome": result.outcome,
        "reason": "" if result.reason in _PLAIN else result.reason,
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
    facts = [
        ("image", f"{tag} {digest_in(result.image)}".strip()),
        ("before", previous),
        ("took", format_duration(result.duration)),
        ("changed", "yes" if result.changed else "no"),
        ("ledger", result.head[:12]),
    ]
    rows = [each for each in facts if each[1]]
    lines = [head, text_table(("", ""), rows).lstrip("\n"), *_evidence(result)]
    lines += [f"Remedy: {result.remedy}."] if result.remedy else []
    lines += list(result.next_steps)
    summary = f"### {markdown_escape(head)}\n\n" + markdown_table(("fact", ""), rows)
    more = [markdown_escape(each) for each in [*lines[2:]]]
    error = "" if result.succeeded else " ".join([head, *_evidence(result)[:1]])
    data = {**result.to_json(), "environment": environment}
    return Ending(data, "\n".join(lines), result.exit_code, outputs, summary + "\n" + "\n\n".join(more) + "\n", error)


def _evidence(result: Result) -> list[str]:
    lines: list[str] = []
    if result.succeeded:
        return lines
    for each in result.evidence:
        lines.append(f"{each.workload}: {evidence_line(each)}" if each.workload else evidence_line(each))
        lines += [f"  | {line}" for line in each.log]
    return lines

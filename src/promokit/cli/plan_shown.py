"""Plans as text, Markdown, outputs and JSON."""

from __future__ import annotations

import re
from typing import Any

from attrs import asdict

from promokit.cli.ending import Ending, without_host
from promokit.cli.report import short
from promokit.cli.tables import markdown_table
from promokit.github.escape import markdown_escape
from promokit.promotion.plan import Plan
from promokit.promotion.plan_text import HEAD, commit_titles, facts, heading, notes, plan_rows


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

"""A plan as people read it. Pure."""

from __future__ import annotations

from promokit.promotion.plan import Plan

MOST_FAILURES = 3
"""Of more failures of one digest, only the newest are told."""


def heading(plan: Plan) -> str:
    """Say in one line what the plan would do and whether it may."""
    where = plan.environment.name
    if plan.nothing:
        return f"{where}: nothing to do ({plan.nothing})"
    source = plan.environment.source
    image = f"{plan.image.tag} {plan.image.digest}" if plan.image else "no proven image"
    way = f"{source.name} → {where}" if source else where
    return f"{plan.outcome.upper()}: {way}, {plan.previous_tag or 'nothing'} → {image}"


def plan_rows(plan: Plan) -> list[tuple[str, str, str, str]]:
    """Return a row a gate: name, answer, sentence, remedy."""
    return [(each.gate, "waiting" if each.waiting else each.word, each.sentence, each.remedy) for each in plan.answers]


def notes(plan: Plan) -> list[str]:
    """Return what no gate judges and whoever approves should know, a sentence each."""
    return [
        f"this digest failed here before, {each.at}: {each.kind} {each.outcome} ({each.reason})"
        + (f", {each.run}" if each.run else "")
        for each in plan.failed_before[:MOST_FAILURES]
    ]


def plan_text(plan: Plan) -> str:
    """Return the table that a terminal shows."""
    rows = plan_rows(plan)
    width = max((len(each[0]) for each in rows), default=0)
    lines = [heading(plan)]
    for gate, word, sentence, remedy in rows:
        lines.append(f"  {gate:<{width}}  {word:<8} {sentence}")
        if remedy:
            lines.append(f"  {'':<{width}}  {'':<8} remedy: {remedy}")
    lines += [f"  note: {each}" for each in notes(plan)]
    if plan.migrate != "none":
        lines.append(f"  migration runs {plan.migrate} the rollout")
    lines += [f"  {each}" for each in plan.commits]
    lines.append(f"  plan {plan.hash[:12]}, good until {plan.expires:%Y-%m-%d %H:%M} UTC")
    return "\n".join(lines)

"""bake: this digest has run in the source for long enough, without a break. What can't be shown doesn't count."""

from __future__ import annotations

from promokit.durations import format_duration
from promokit.gates.answer import Answer, allowed, refused, unknown
from promokit.gates.facts import Facts, Unknown

NAME = "bake"


def judge(facts: Facts) -> Answer | None:
    """Judge how long the digest has run in the source; None where no bake is asked for."""
    wanted = facts.environment.gates.bake
    if wanted is None or facts.source is None:
        return None
    if isinstance(facts.source, Unknown):
        return unknown(NAME, facts.source.why, facts.source.remedy)
    source = facts.source
    starts = [each.since for each in source.workloads if each.digest == facts.digest and each.outcome == "succeeded"]
    known = [each for each in starts if each is not None]
    if len(known) < len(source.workloads):
        return refused(NAME, f"{source.environment} hasn't run this digest healthy", "let it bake there")
    baked = facts.now - max(known)
    sentence = f"{format_duration(baked)} of {format_duration(wanted)} in {source.environment}"
    if baked < wanted:
        ready = (max(known) + wanted).isoformat(timespec="minutes")
        return refused(
            NAME, sentence, f"wait until {ready}, or change bake: by a reviewed commit", since=str(max(known))
        )
    return allowed(NAME, sentence, since=str(max(known)))

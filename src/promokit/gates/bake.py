"""bake: this digest has run in the source for long enough, without a break. What can't be shown doesn't count."""

from __future__ import annotations

from promokit.durations import format_duration
from promokit.gates.answer import Answer, allowed, refused, unknown
from promokit.gates.facts import NO_IMAGE, Facts, Unknown

NAME = "bake"


def judge(facts: Facts) -> Answer | None:
    """Judge how long the digest has run in the source; None where no bake is asked for.

    The clock is the workload's that began last: `identity/clock.py` says what begins it.
    """
    wanted, source = facts.environment.gates.bake, facts.source
    if wanted is None or source is None:
        return None
    if isinstance(source, Unknown) or facts.digest is None:
        doubt = source if isinstance(source, Unknown) else NO_IMAGE
        return unknown(NAME, doubt.why, doubt.remedy)
    clocks = {each.name: each.since for each in source.workloads if each.since is not None}
    for each in source.workloads:
        if each.digest != facts.digest or each.outcome != "succeeded":
            sentence = f"{each.name} in {source.environment} doesn't run this digest healthy"
            return refused(NAME, sentence, "let it bake there once it does")
        if each.name not in clocks:
            sentence = f"since when {each.name} in {source.environment} runs can't be shown: {each.begun}"
            return refused(NAME, sentence, "see its pods with kubectl; a new rollout there begins anew")
    newest = max(source.workloads, key=lambda each: clocks[each.name])
    begun, baked = clocks[newest.name], facts.now - clocks[newest.name]
    how = f", since {newest.begun} ({newest.name})" if newest.begun else ""
    sentence = f"{format_duration(baked)} of {format_duration(wanted)} in {source.environment}{how}"
    if baked < wanted:
        ready = (begun + wanted).isoformat(timespec="minutes")
        return refused(NAME, sentence, f"wait until {ready}, or change bake: by a reviewed commit", since=str(begun))
    return allowed(NAME, sentence, since=str(begun))

"""differs: the target doesn't run this digest already. One that is half there may converge."""

from __future__ import annotations

from promokit.gates.answer import Answer, allowed, refused, unknown
from promokit.gates.facts import NO_IMAGE, Facts, Standing, Unknown

NAME = "differs"


def judge(facts: Facts) -> Answer | None:
    """Judge the target of a promotion; None in an environment without a source, where deploying again is harmless."""
    if facts.source is None:
        return None
    target = facts.target
    if isinstance(target, Unknown) or facts.digest is None:
        doubt = target if isinstance(target, Unknown) else NO_IMAGE
        return unknown(NAME, doubt.why, doubt.remedy)
    there = [each for each in target.workloads if each.digest == facts.digest]
    if len(there) == len(target.workloads):
        return _all_there(facts, target)
    if there:
        return allowed(NAME, f"{', '.join(each.name for each in there)} there already, the others will follow")
    runs = target.workloads[0].image or "nothing"
    return allowed(NAME, f"{target.environment} runs {_tag(runs)}")


def _all_there(facts: Facts, target: Standing) -> Answer:
    """What was stopped before its end is gone through once more, though no workload is to be changed."""
    if target.migrated is False:
        return allowed(NAME, "rolled out already, but its migration hasn't succeeded: it will be finished")
    if target.unsettled == str(facts.digest):
        return allowed(NAME, "rolled out already, but the ledger doesn't say that it succeeded: it will be finished")
    return refused(NAME, f"{target.environment} runs this digest already", "nothing is to be done")


def _tag(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2] or image

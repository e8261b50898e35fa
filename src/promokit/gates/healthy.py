"""healthy: every workload of the source has succeeded and runs one digest, whose migration succeeded there."""

from __future__ import annotations

from promokit.gates.answer import Answer, allowed, refused, unknown
from promokit.gates.facts import Facts, Standing, Unknown

NAME = "healthy"


def judge(facts: Facts) -> Answer | None:
    """Judge the environment that is promoted from; None where there is none."""
    source = facts.source
    if source is None:
        return None
    if isinstance(source, Unknown):
        return unknown(NAME, source.why, source.remedy)
    return _unhealthy(source) or _other_digest(source, facts) or _migrated(source)


def _unhealthy(source: Standing) -> Answer | None:
    for each in source.workloads:
        if each.outcome != "succeeded":
            sentence = f"{each.name} in {source.environment} is {each.outcome}: {each.reason}"
            return refused(
                NAME,
                sentence,
                f"make {source.environment} healthy first: promokit explain {source.environment} tells the cause",
            )
        if each.digest is None:
            return refused(
                NAME, f"what {each.name} in {source.environment} runs isn't proven: {each.doubt}", each.remedy
            )
    return None


def _other_digest(source: Standing, facts: Facts) -> Answer | None:
    others = [each for each in source.workloads if each.digest != facts.digest]
    if not others:
        return None
    told = ", ".join(f"{each.name} runs {str(each.digest)[:19]}…" for each in others)
    return refused(NAME, f"{source.environment} doesn't run this digest everywhere: {told}", "deploy it there first")


def _migrated(source: Standing) -> Answer:
    if source.migrated is False:
        return refused(
            NAME,
            f"the migration of this digest hasn't succeeded in {source.environment}",
            f"finish it there: start the deployment to {source.environment} again",
        )
    names = ", ".join(each.name for each in source.workloads)
    return allowed(NAME, f"{names} run this digest in {source.environment}, all Ready")

"""hold: no person holds this digest in the target."""

from __future__ import annotations

from promokit.gates.answer import Answer, allowed, refused, unknown
from promokit.gates.facts import NO_IMAGE, Facts, Unknown

NAME = "hold"


def judge(facts: Facts) -> Answer | None:
    """Judge the holds of the target's ledger."""
    if isinstance(facts.holds, Unknown):
        return unknown(NAME, facts.holds.why, facts.holds.remedy)
    if facts.digest is None:
        return unknown(NAME, NO_IMAGE.why, NO_IMAGE.remedy)
    digest = str(facts.digest)
    if digest not in facts.holds:
        return allowed(NAME, "not held")
    name = facts.environment.name
    remedy = f"promote a newer build, or promokit hold --release {name} {digest} --reason …"
    return refused(NAME, f"this digest was rolled back here and is held: {facts.holds[digest]}", remedy)

"""All gates of a promotion, each judged, none left out because another refused. Pure."""

from __future__ import annotations

from promokit.gates import approvals, bake, ci, differs, drift, freeze, healthy, hold, origin, platform
from promokit.gates.answer import Answer
from promokit.gates.facts import Facts

GATES = (healthy, differs, bake, ci, origin, platform, drift, hold, freeze, approvals)


def judge_all(facts: Facts) -> tuple[Answer, ...]:
    """Return the answer of each gate that the environment has, in the order they are shown."""
    return tuple(answer for gate in GATES if (answer := gate.judge(facts)) is not None)

"""freeze: now is in none of the target's freeze windows, or somebody lets this digest through."""

from __future__ import annotations

from promokit.freeze_windows import FreezeWindow, Span
from promokit.gates.answer import Answer, allowed, refused, unknown
from promokit.gates.facts import Facts, Unknown

NAME = "freeze"


def judge(facts: Facts) -> Answer | None:
    """Judge the windows; None where there are none. An override counts from within the window until its end."""
    windows = facts.environment.gates.freeze
    if not windows:
        return None
    if isinstance(facts.overrides, Unknown):
        return unknown(NAME, facts.overrides.why, facts.overrides.remedy)
    now_in = [(each, span) for each in windows if (span := each.span(facts.now))]
    if not now_in:
        return allowed(NAME, "in none of its windows")
    overridden = facts.overrides.get(str(facts.digest))
    closed = [(window, span) for window, span in now_in if overridden is None or overridden < span.start]
    if not closed:
        return allowed(NAME, f"{_told(*now_in[0])}, overridden for this digest", overridden=str(overridden))
    window, span = max(closed, key=lambda each: each[1].end)
    digest = facts.digest or "DIGEST"
    way = f"promokit override {facts.environment.name} freeze {digest} --reason …"
    return refused(NAME, _told(window, span), f"wait until then, or {way}", until=span.end.isoformat())


def _told(window: FreezeWindow, span: Span) -> str:
    return f"frozen until {span.end:%Y-%m-%d %H:%M %Z} ({window})"

"""What is told of an operation to people with kubectl: the reason and message of an Event. Pure."""

from __future__ import annotations

from attrs import frozen

from promokit.image import tag_in
from promokit.ledger.lines import Line

COMPONENT = "promokit"
LONGEST = 1000
"""Letters of a message; events.k8s.io allows 1024."""


@frozen
class Announcement:
    """The reason word (`PromokitPromotionSucceeded`), the sentence, and whether it is a warning."""

    reason: str
    message: str
    warns: bool


def announcement(start: Line, end: Line) -> Announcement:
    """Return what is told of an operation by its first and last line: what, how it ended, by whom, where to read on."""
    kind, outcome = str(start.get("kind") or "operation"), str(end.get("outcome") or "inconclusive")
    why = f" ({end['reason']})" if end.get("reason") and outcome != "succeeded" else ""
    back = "; it was rolled back by itself" if end.get("rolled_back") else ""
    who = f", by {start['actor']}" if start.get("actor") else ""
    where = f", {start['run']}" if start.get("run") else ""
    message = f"{kind} to {tag_in(str(start.get('image', '')))} {outcome.replace('_', ' ')}{why}{back}{who}{where}"
    return Announcement(_reason(kind, outcome), message[:LONGEST], outcome != "succeeded")


def _reason(kind: str, outcome: str) -> str:
    words = (COMPONENT, kind, *outcome.split("_"))
    return "".join(each.capitalize() for each in words)

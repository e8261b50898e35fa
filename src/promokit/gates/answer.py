"""What a gate says: allowed, refused or unknown, in one sentence, with its facts and a remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, frozen

Word = Literal["allowed", "refused", "unknown"]


@frozen
class Answer:
    """A gate's answer. `waiting` marks an allowed one that still waits for people: it is judged again by apply."""

    gate: str
    word: Word
    sentence: str
    remedy: str = ""
    facts: Mapping[str, Any] = field(factory=dict)
    waiting: bool = False


def allowed(gate: str, sentence: str, *, waiting: bool = False, **facts: Any) -> Answer:
    """Return the answer that lets a promotion through."""
    return Answer(gate, "allowed", sentence, facts=facts, waiting=waiting)


def refused(gate: str, sentence: str, remedy: str, **facts: Any) -> Answer:
    """Return the answer that stops a promotion, with the way out."""
    return Answer(gate, "refused", sentence, remedy, facts)


def unknown(gate: str, sentence: str, remedy: str, **facts: Any) -> Answer:
    """Return the answer for what couldn't be asked or wasn't told: it stops a promotion too."""
    return Answer(gate, "unknown", sentence, remedy, facts)

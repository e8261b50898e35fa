"""What a check came to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from attrs import frozen

from promokit.errors import PromokitError
from promokit.registry.port import Unsupported


@frozen
class Finding:
    """What a check of `subject` came to. `unknown`: it couldn't be asked; `skipped`: this can't be told there."""

    subject: str
    word: Literal["ok", "warning", "unknown", "skipped"]
    sentence: str
    remedy: str = ""


def found_by(subject: str, ask: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return what `ask` finds, or one finding that says why it couldn't be asked."""
    try:
        return list(ask())
    except Unsupported as error:
        return [Finding(subject, "skipped", error.what, error.remedy or "")]
    except PromokitError as error:
        return [Finding(subject, "unknown", error.what, error.remedy or "run this again")]

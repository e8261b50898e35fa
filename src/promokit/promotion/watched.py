"""How an operation's rollouts are followed: shown, recorded, and the registry asked about an image nobody can pull."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from promokit.promotion.clients import Clients
from promokit.promotion.presence import is_gone
from promokit.rollout.roll_out import Watching
from promokit.rollout.standing import shown_by


def watched(
    clients: Clients,
    progress: Callable[[str], None],
    *,
    record: Path | None = None,
    stopped: Callable[[], str | None] = lambda: None,
) -> Watching:
    """Return how a rollout is followed: `progress` gets its lines, or its standings if it can show them."""
    return Watching(
        show=shown_by(progress),
        record=record,
        stopped=stopped,
        exists=lambda image: not is_gone(clients, image),
        warn=progress,
    )

"""Holding and releasing a digest by hand."""

from __future__ import annotations

from promokit.promotion.record import history, hold, release
from tests.promotion.scene import FIRST, SECOND, Scene


def test_a_release_of_what_is_not_held_writes_nothing(scene: Scene) -> None:
    """Two people release it at once: the second finds nothing to do, and the ledger has one line."""
    first, second = (scene.images[each].digest for each in (FIRST, SECOND))
    assert first is not None
    assert second is not None
    held = hold(scene.environment, first, reason="bad", clients=scene.clients)
    assert release(scene.environment, second, reason="fine", clients=scene.clients) == held
    released = release(scene.environment, first, reason="fine", clients=scene.clients)
    assert released.holds == {}
    assert release(scene.environment, first, reason="fine", clients=scene.clients) == released
    assert history(scene.environment, clients=scene.clients) == released

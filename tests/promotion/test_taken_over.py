"""Operations that another one takes over: what they say is what the ledger says."""

from __future__ import annotations

from promokit.ledger.lease import take
from promokit.ledger.store import append
from promokit.promotion.operation import interrupted
from promokit.promotion.rollback import rollback
from tests.promotion.scene import FIRST, SECOND, Scene


def test_an_operation_that_a_rollback_takes_over_is_closed_as_superseded(scene: Scene) -> None:
    """It may be at work still; what it hears is what the ledger says."""
    scene.applied(FIRST)
    with take(scene.api.namespace(), "bob@laptop"):
        line = {"line": "opened", "kind": "rollout", "op": "under-way", "holder": "bob@laptop"}
        append(scene.api.namespace(), lambda book: [{**line, "image": str(scene.images[SECOND])}])
        rollback(scene.environment, FIRST, clients=scene.clients)
    closed = next(each for each in scene.book().lines if each["op"] == "under-way" and each["line"] == "closed")
    assert (closed["outcome"], closed["reason"]) == ("inconclusive", "superseded")


def test_what_another_operation_has_closed_is_superseded_whatever_it_came_to(scene: Scene) -> None:
    """A rollback took the lease in the moment in which the rollout came right; the Events say so too."""
    scene.applied(FIRST)

    def take_over(told: object) -> None:
        append(scene.api.namespace(), lambda book: interrupted(book, scene.clients.context.holder))

    done = scene.applied(SECOND, progress=take_over)
    assert (done.outcome, done.reason, done.exit_code, done.changed) == ("inconclusive", "superseded", 5, True)
    assert "its own verdict was succeeded (complete)" in done.next_steps[0]
    assert [each["reason"] for each in scene.book().lines if each["line"] == "closed"] == ["complete", "superseded"]
    assert [each["reason"] for each in scene.events()][-1] == "PromokitRolloutInconclusive"

"""Going back by itself, and what the next plan says of it."""

from __future__ import annotations

import json

import pytest
from attrs import evolve

from promokit.cli.shown import plan_ending
from tests.promotion.scene import FIRST, SECOND, THIRD, Scene

BOTH = {"main-app", "worker-app"}


@pytest.fixture
def guarded(scene: Scene) -> Scene:
    """The environment goes back by itself; THIRD crashes in it."""
    return evolve(scene, environment=evolve(scene.environment, auto_rollback=True))


def test_the_next_plan_says_that_the_digest_failed_here_before(guarded: Scene) -> None:
    """When, why and in which run: as text, as Markdown and as JSON. It is no gate: a quota can fail a good image."""
    assert guarded.applied(THIRD).rolled_back
    plan = guarded.planned(THIRD)
    assert plan.allowed
    assert "note: this digest failed here before, 20" in str(plan)
    ending = plan_ending(plan)
    assert "this digest failed here before" in ending.summary
    (told,) = json.loads(json.dumps(ending.data))["failed-before"]
    assert (told["kind"], told["outcome"], told["reason"]) == ("rollout", "failed", "crash-loop")
    assert not guarded.planned(SECOND).failed_before
    assert guarded.running() == dict.fromkeys(BOTH, FIRST)

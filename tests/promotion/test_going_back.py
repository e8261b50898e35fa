"""Going back by itself, and what the next plan says of it."""

from __future__ import annotations

import json

import pytest
from attrs import evolve

from promokit.cli.plan_shown import plan_ending
from promokit.cli.result_shown import result_ending
from promokit.errors import Superseded
from promokit.ledger.lease import take
from promokit.promotion.rollback import rollback
from tests.manifest_objects import Controller
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


def test_the_worst_is_told_first(guarded: Scene) -> None:
    """The way back fails too: the outcome is the rollout's, and the first line says that nothing is back."""

    def progress(text: str) -> None:
        if "rolling back by itself" in text:
            guarded.api.reactions[0] = Controller(guarded.api, bad="app")

    done = guarded.applied(THIRD, progress=progress)
    assert (done.outcome, done.reason, done.rolled_back, done.exit_code) == ("failed", "crash-loop", False, 1)
    assert done.back == "failed: crash-loop"
    ending = result_ending("promotion", "prod", done)
    assert ending.text.splitlines()[0] == "promotion of prod: failed (crash-loop), AND NOT BACK: failed: crash-loop"
    assert ending.outputs["reason"] == "crash-loop, and not back: failed: crash-loop"
    assert any("promokit rollback test --to TAG" in each for each in done.next_steps)
    assert guarded.running() == dict.fromkeys(BOTH, FIRST)
    assert guarded.book().lines[-1]["outcome"] == "failed"


def test_a_way_back_that_is_refused_hides_no_failure(guarded: Scene) -> None:
    """The cluster lets nobody change the images any more: what the rollout came to is told all the same."""

    def progress(text: str) -> None:
        if "rolling back by itself" in text:
            guarded.api.fail(403, method="PATCH", path="main-app", times=99)

    done = guarded.applied(THIRD, progress=progress)
    assert (done.outcome, done.reason, done.rolled_back) == ("failed", "crash-loop", False)
    assert "going back to 1111" in done.back
    assert guarded.book().lines[-1]["reason"] == "crash-loop"


def test_only_what_was_changed_goes_back(guarded: Scene) -> None:
    """Half a change is undone: the workload that was never changed isn't touched."""

    def progress(text: str) -> None:
        if "rolling back by itself" in text:
            guarded.api.faults.clear()

    guarded.api.fail(403, method="PATCH", path="worker-app", after=1, times=99)
    done = guarded.applied(SECOND, progress=progress)
    assert (done.outcome, done.reason, done.rolled_back) == ("failed", "half-changed", True)
    assert guarded.running() == dict.fromkeys(BOTH, FIRST)


def test_a_rollback_takes_over_from_going_back_by_itself(guarded: Scene) -> None:
    """Another operation has the lease: this one lets go, and says what it was doing."""

    def progress(text: str) -> None:
        if "rolling back by itself" in text:
            with take(guarded.api.namespace(), "a rollback", above=99, at_once=True):
                rollback(guarded.environment, hold=False, clients=guarded.clients)

    with pytest.raises(Superseded, match="by itself after failed: crash-loop"):
        guarded.applied(THIRD, progress=progress)


def test_stopped_while_going_back_the_ledger_says_that_it_failed(guarded: Scene) -> None:
    """A signal comes then: the rollout's own end is known, and the next rollback goes on with the way back."""

    class Stop(BaseException):
        pass

    def progress(text: str) -> None:
        if "rolling back by itself" in text:
            raise Stop

    assert guarded.applied(SECOND).succeeded
    with pytest.raises(Stop):
        guarded.applied(THIRD, progress=progress)
    (closed,) = [each for each in guarded.book().lines if each["line"] == "closed"][-1:]
    assert (closed["outcome"], closed["reason"], closed["rolled_back"]) == ("failed", "crash-loop", False)
    assert rollback(guarded.environment, clients=guarded.clients).succeeded
    assert guarded.running() == dict.fromkeys(BOTH, SECOND)


def test_a_rollback_that_fails_goes_nowhere_by_itself(guarded: Scene) -> None:
    """Never a rollback of a rollback."""
    assert guarded.applied(FIRST).succeeded
    assert guarded.applied(SECOND).succeeded
    guarded.api.reactions[0] = Controller(guarded.api, bad="app")
    done = rollback(guarded.environment, FIRST, clients=guarded.clients)
    assert (done.outcome, done.back) == ("failed", "")
    assert guarded.running() == dict.fromkeys(BOTH, FIRST)

"""People with kubectl are told what was done to a workload, and by whom."""

from __future__ import annotations

import pytest

from promokit.errors import PromokitError
from promokit.promotion import announcing
from promokit.promotion.apply import apply
from promokit.promotion.rollback import rollback
from tests.promotion.scene import FIRST, SECOND, THIRD, Scene

BOTH = ["main-app", "worker-app"]


def test_each_workload_has_an_event_when_an_operation_has_ended(scene: Scene) -> None:
    """About that very object, by promokit, with the outcome, the tag and who did it."""
    scene.applied(SECOND)
    told = scene.events()
    assert sorted(each["involvedObject"]["name"] for each in told) == BOTH
    for each in told:
        about = each["involvedObject"]
        assert about["uid"] == scene.api.get("deployments", about["name"])["metadata"]["uid"]
        assert (about["apiVersion"], about["kind"], about["namespace"]) == ("apps/v1", "Deployment", "credreg-test")
        assert (each["reason"], each["type"]) == ("PromokitRolloutSucceeded", "Normal")
        assert f"rollout to {SECOND} succeeded, by {scene.clients.context.actor}" in each["message"]
        assert each["reportingComponent"] == each["source"]["component"] == "promokit"
        assert each["firstTimestamp"] == each["lastTimestamp"]


def test_what_did_not_succeed_is_a_warning(scene: Scene) -> None:
    """So that it shows in red; the rollback after it is told too."""
    scene.applied(FIRST)
    scene.applied(SECOND)
    scene.applied(THIRD)
    rollback(scene.environment, clients=scene.clients)
    told = [(each["reason"], each["type"]) for each in scene.events()]
    assert told[4:] == [("PromokitRolloutFailed", "Warning")] * 2 + [("PromokitRollbackSucceeded", "Normal")] * 2


def test_what_stops_an_operation_is_told(scene: Scene) -> None:
    """With the reason word, though the command ends with an error."""
    made = scene.planned(SECOND)
    scene.api.fail(403, method="PATCH", path="main-app")
    with pytest.raises(PromokitError):
        apply(made, clients=scene.clients, wait=0)
    assert {each["reason"] for each in scene.events()} == {"PromokitRolloutInconclusive"}


def test_an_event_that_cannot_be_written_stops_nothing_and_is_told_once(scene: Scene) -> None:
    """Not once a workload."""
    said: list[str] = []
    scene.api.fail(403, method="POST", path="events", times=9)
    assert scene.applied(SECOND, progress=said.append).succeeded
    assert len([each for each in said if "has an Event" in each]) == 1
    assert scene.book().lines[-1]["outcome"] == "succeeded"


def test_nobody_waits_for_a_server_that_does_not_answer(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told that there is no answer."""
    monkeypatch.setattr(announcing, "LONGEST_SECONDS", 0.1)
    said: list[str] = []
    scene.api.fail(method="POST", path="events", silent=True, times=9)
    assert scene.applied(SECOND, progress=said.append).succeeded
    assert any("no answer in time" in each for each in said)


def test_a_refusal_is_no_event(scene: Scene) -> None:
    """Nothing was done."""
    made = scene.planned(SECOND)
    data = scene.api.get("deployments", "main-app")
    data["spec"]["template"]["spec"]["containers"][0]["image"] = str(scene.images[THIRD])
    with pytest.raises(PromokitError):
        apply(made, clients=scene.clients, wait=0)
    assert scene.events() == []

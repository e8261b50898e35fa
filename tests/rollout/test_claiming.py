import json
import threading

import pytest

from promokit.errors import Superseded
from promokit.rollout import admission
from promokit.rollout.admission import Denied
from promokit.rollout.change import epoch_of
from promokit.rollout.policy import Policy
from promokit.rollout.roll_out import Rollout, Watching, roll_out
from tests.cluster.api_server import ApiServer, Key
from tests.factories import WORKLOAD, image
from tests.manifest_objects import Controller, deployment_json

A, B, C = (str(image(each)) for each in "abc")
SAID = "ValidatingAdmissionPolicy 'promokit-allowed' with binding 'x' denied request: not on the list"


@pytest.fixture
def running(api: ApiServer) -> ApiServer:
    """A cluster that rolls out what is asked for; main-app runs B."""
    api.reactions.append(Controller(api))
    api.put("deployments", "main-app", deployment_json())
    return api


def runs(api: ApiServer) -> str:
    return str(api.get("deployments", "main-app")["spec"]["template"]["spec"]["containers"][0]["image"])


def rolled_out(api: ApiServer, wanted: str, expected: str | None = None, **watching: object) -> Rollout:
    return roll_out(
        api.namespace(),
        {WORKLOAD: wanted},
        Policy(stable_for=0.0, timeout=20.0),
        cause="promokit",
        epoch=7,
        expected={WORKLOAD: expected} if expected else None,
        watching=Watching(**watching),  # type: ignore[arg-type]
    )


def moves_once_claimed(api: ApiServer, wanted: str) -> None:
    """Whoever had the lease before patches just before our epoch is there: its patch was on its way."""
    moved = threading.Event()

    def move(key: Key) -> None:
        data = api.objects[key]
        if (
            key[1] == "deployments"
            and "promokit/epoch" in data["metadata"].get("annotations", {})
            and not moved.is_set()
        ):
            moved.set()
            data["spec"]["template"]["spec"]["containers"][0]["image"] = wanted
            api.write(key, data)

    api.reactions.insert(0, move)


def test_what_moved_before_our_epoch_was_there_is_what_is_replaced(running: ApiServer) -> None:
    """A rollback that takes the lease from a promotion goes back from what that one still got through."""
    moves_once_claimed(running, C)
    done = rolled_out(running, A)
    assert (runs(running), done.previous, str(done.verdict.outcome)) == (A, {WORKLOAD: C}, "succeeded")


def test_what_moved_is_not_replaced_where_something_else_was_planned(running: ApiServer) -> None:
    """A promotion replaces only what its plan says."""
    moves_once_claimed(running, C)
    with pytest.raises(Superseded, match=r"runs .*ccc.*, not .*bbb.* as planned") as caught:
        rolled_out(running, A, expected=B)
    assert (runs(running), caught.value.changed) == (C, False)


def test_trouble_while_the_epoch_is_written_is_waited_for(running: ApiServer) -> None:
    """Also where it was written and only the answer was lost."""
    running.fail(503, method="PATCH")
    running.fail(method="PATCH", dropped=True)
    running.fail(429, method="GET", path="deployments/main-app")
    assert rolled_out(running, A).changed
    assert epoch_of(running.namespace().controllers([WORKLOAD])[WORKLOAD]) == 7


def test_a_policy_that_has_not_seen_the_list_is_asked_again(running: ApiServer) -> None:
    """It watches its parameters: what was put on the list a moment ago is allowed a moment later."""
    running.fail(422, method="PATCH", after=1, times=2, body=json.dumps({"message": SAID}).encode())
    assert rolled_out(running, A).changed
    assert runs(running) == A


def test_a_policy_that_says_no_is_believed_after_a_while(running: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words are told; nothing was changed."""
    monkeypatch.setattr(admission, "AGAIN_FOR_SECONDS", 0.6)
    monkeypatch.setattr(admission, "_EVERY_SECONDS", 0.1)
    running.fail(422, method="PATCH", after=1, times=99, body=json.dumps({"message": SAID}).encode())
    with pytest.raises(Denied, match="not on the list"):
        rolled_out(running, A)
    assert runs(running) == B


def test_a_policy_is_not_asked_again_by_who_lost_the_lease(running: ApiServer) -> None:
    """There is nothing to wait for any more."""
    running.fail(403, method="PATCH", after=1, times=99, body=json.dumps({"message": SAID}).encode())
    with pytest.raises(Denied):
        rolled_out(running, A, stopped=lambda: "superseded")
    assert [each.method for each in running.calls].count("PATCH") == 2

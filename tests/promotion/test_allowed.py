"""What may run in an environment is listed before it is changed, and after each line that changes it."""

from __future__ import annotations

from typing import Any

import pytest

from promokit.errors import Unreachable
from promokit.image import Digest
from promokit.ledger.allowed import allowed
from promokit.ledger.allowed_store import NAME
from promokit.ledger.store import append
from promokit.promotion.adopting import adopt
from promokit.promotion.record import hold, release
from promokit.promotion.rollback import rollback
from tests.cluster.api_server import Key
from tests.promotion.scene import FIRST, SECOND, THIRD, Scene


def listed(scene: Scene) -> set[str]:
    """The tags of what is listed."""
    data = scene.api.objects.get(("credreg-test", "configmaps", NAME), {}).get("data", {})
    assert data == allowed(scene.book().lines)
    return set(data.values())


def digest_of(scene: Scene, tag: str) -> Digest:
    digest = scene.images[tag].digest
    assert digest is not None
    return digest


def test_an_image_is_listed_before_any_workload_has_it(scene: Scene) -> None:
    """Also the one that it replaces; after the end what succeeded is listed, and what was there before no more."""
    seen: list[set[str]] = []

    def react(key: Key) -> None:
        image = str(scene.api.objects[key].get("spec"))
        if key[1] == "deployments" and str(scene.images[SECOND].digest) in image:
            seen.append(set(scene.api.get("configmaps", NAME)["data"].values()))

    scene.api.reactions.append(react)
    assert scene.applied(SECOND).succeeded
    assert seen
    assert all(each == {FIRST, SECOND} for each in seen)
    assert listed(scene) == {SECOND}


def test_the_list_follows_holds_releases_and_adoptions(scene: Scene) -> None:
    """A digest that a person holds is out until it is released."""
    scene.applied(FIRST)
    scene.applied(SECOND)
    hold(scene.environment, digest_of(scene, FIRST), reason="x", clients=scene.clients)
    assert listed(scene) == {SECOND}
    release(scene.environment, digest_of(scene, FIRST), reason="x", clients=scene.clients)
    assert listed(scene) == {FIRST, SECOND}
    data = scene.api.get("deployments", "main-app")
    data["spec"]["template"]["spec"]["containers"][0]["image"] = str(scene.images[THIRD])
    adopt(scene.environment, reason="x", clients=scene.clients)
    assert listed(scene) == {FIRST, SECOND, THIRD}


def test_after_a_rollback_what_was_left_is_out(scene: Scene) -> None:
    """It is held, and no operation is under way that could go back to it."""
    for tag in (FIRST, SECOND, THIRD):
        scene.applied(tag)
    assert rollback(scene.environment, clients=scene.clients).succeeded
    assert listed(scene) == {FIRST, SECOND}


def test_a_run_that_was_killed_between_the_two_writes_is_mended_by_the_next(scene: Scene) -> None:
    """The ledger had the line, the list hadn't."""
    scene.applied(FIRST)
    op: dict[str, Any] = {"kind": "promotion", "op": "dead", "image": str(scene.images[THIRD])}
    append(scene.api.namespace(), lambda book: [{"line": "opened", "at": "2026-11-24T12:00:00+00:00", **op}])
    scene.applied(SECOND)
    assert listed(scene) == {FIRST, SECOND}


def test_a_promotion_stops_before_it_changes_anything_where_it_cannot_be_listed(scene: Scene) -> None:
    """Its line is closed with why; the workloads are as they were."""
    made = scene.planned(SECOND)
    before = scene.running()
    scene.api.fail(403, method="POST", path="configmaps", after=1)  # the ledger's first line is written
    from promokit.promotion.apply import apply

    with pytest.raises(Unreachable, match="the list of digests that may run here can't be written"):
        apply(made, clients=scene.clients, wait=0)
    assert scene.running() == before
    last = scene.book().lines[-1]
    assert (last["line"], last["reason"]) == ("closed", "error")
    assert scene.applied(SECOND).succeeded


def test_a_rollback_goes_on_where_it_cannot_be_listed_and_says_so(scene: Scene) -> None:
    """In capitals: a policy may refuse what it does."""
    for tag in (FIRST, SECOND, THIRD):
        scene.applied(tag)
    told: list[str] = []
    scene.api.fail(403, method="PUT", path=NAME, times=99)
    done = rollback(scene.environment, hold=False, clients=scene.clients, progress=told.append)
    assert done.succeeded
    assert any("THE LIST OF DIGESTS THAT MAY RUN HERE CAN'T BE WRITTEN" in each for each in told)
    assert scene.book().lines[-1]["outcome"] == "succeeded"


def test_a_hold_that_is_not_listed_says_what_is_true(scene: Scene) -> None:
    """It is in the ledger, and the list is mended by the next operation."""
    scene.applied(FIRST)
    scene.api.fail(403, method="PUT", path=NAME)
    with pytest.raises(Unreachable, match="it is in the ledger; the list") as caught:
        hold(scene.environment, digest_of(scene, FIRST), reason="x", clients=scene.clients)
    assert caught.value.changed is True
    assert set(scene.book().holds) == {str(digest_of(scene, FIRST))}

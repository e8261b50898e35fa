"""Which way is back in each situation that a Friday evening may bring."""

from __future__ import annotations

import copy
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from promokit.errors import Refused, Superseded
from promokit.ledger.record import entry
from promokit.ledger.store import append
from promokit.model import Environment, Workload
from promokit.promotion import presence
from promokit.promotion.record import hold
from promokit.promotion.rollback import rollback
from promokit.promotion.way import Way
from promokit.promotion.way_back import find_way
from promokit.registry.oci import OciRegistry
from promokit.rollout.change import EPOCH, epoch_of, write_epoch
from tests.manifest_objects import deployment_json
from tests.promotion.scene import FIRST, SECOND, THIRD, Scene

BOTH = {"main-app", "worker-app"}
NAMES = {"main-app": "main-app", "worker-app": "worker"}


def ran(scene: Scene, *tags: str) -> Scene:
    """The scene after these were applied, one after another."""
    for tag in tags:
        scene.applied(tag)
    return scene


def set_by_hand(scene: Scene, tag: str, *names: str) -> None:
    """Somebody sets Deployments to an image with kubectl."""
    for name in names or BOTH:
        data = copy.deepcopy(scene.api.get("deployments", name))
        data["spec"]["template"]["spec"]["containers"][0]["image"] = str(scene.images[tag])
        scene.api.put("deployments", name, data)


def begun(scene: Scene, tag: str) -> None:
    """A promotion of an image is opened in the ledger, and not closed."""
    previous = {str(each): str(scene.images[SECOND]) for each in scene.environment.workloads}
    facts = {"image": str(scene.images[tag]), "previous": previous, "holder": "somebody"}
    append(scene.api.namespace(), lambda book: [entry("opened", "rollout", "op", datetime.now(UTC), **facts)])


def way(scene: Scene, to: str | None = None, **settings: Any) -> Way:
    return find_way(scene.api.namespace(), scene.environment, to, **settings)


def tags(found: Way) -> set[str]:
    return {each.partition("@")[0][-40:] for each in found.then.values()}


def test_what_is_on_its_way_is_what_is_left(scene: Scene) -> None:
    """While a promotion is open its image is the present one, though no workload has it yet: it is stopped and held."""
    begun(ran(scene, FIRST, SECOND), THIRD)
    found = way(scene)
    assert (tags(found), found.proven) == ({SECOND}, True)
    assert found.left == (str(scene.images[THIRD].digest),)
    assert not rollback(scene.environment, clients=scene.clients).changed
    assert set(scene.book().holds) == {str(scene.images[THIRD].digest)}


@pytest.mark.parametrize("name", sorted(BOTH))
def test_half_promoted_workloads_meet_on_what_ran_before(scene: Scene, name: str) -> None:
    """Whichever of them has the new image, the reference or another: nobody goes further back than the other."""
    begun(ran(scene, FIRST, SECOND), THIRD)
    set_by_hand(scene, THIRD, name)
    assert tags(way(scene)) == {SECOND}
    scene.api.delete("configmaps", "promokit-ledger")
    found = way(scene)
    assert (tags(found), found.proven) == ({SECOND}, False)


def test_what_went_back_by_itself_goes_no_further(scene: Scene) -> None:
    """The present image is the good one already."""
    ran(evolve(scene, environment=evolve(scene.environment, auto_rollback=True)), FIRST, SECOND, THIRD)
    assert scene.running() == dict.fromkeys(BOTH, SECOND)
    with pytest.raises(Refused, match=r"is back on 2222.* already: 3333.* failed there and it went back by itself"):
        way(scene)
    assert tags(way(scene, FIRST)) == {FIRST}


def test_what_was_undone_by_hand_is_neither_gone_on_nor_brought_forward(scene: Scene) -> None:
    """After `kubectl rollout undo` the newest good image is the one that was left: only a name tells."""
    set_by_hand(ran(scene, FIRST, SECOND), FIRST)
    with pytest.raises(Refused, match="changed it by hand"):
        way(scene)
    assert tags(way(scene, SECOND)) == {SECOND}


def test_what_was_put_there_by_hand_is_left_for_what_is_recorded(scene: Scene) -> None:
    """An image that never succeeded here, on one workload or on all."""
    ran(scene, FIRST, SECOND)
    set_by_hand(scene, THIRD, "worker-app")
    assert tags(way(scene)) == {SECOND}
    set_by_hand(scene, THIRD)
    assert tags(way(scene)) == {SECOND}


def test_a_held_image_is_passed_over_but_by_name(scene: Scene) -> None:
    """By the ledger and by the revisions alike; by its name it is told."""
    ran(scene, FIRST, SECOND, THIRD)
    digest = scene.images[SECOND].digest
    assert digest is not None
    hold(scene.environment, digest, reason="it lost money", clients=scene.clients)
    assert tags(way(scene)) == {FIRST}
    assert "it lost money" in way(scene, SECOND).notes[0]


def test_an_empty_ledger_leaves_it_to_the_revisions(scene: Scene) -> None:
    """Told as unproven."""
    ran(scene, SECOND)
    scene.api.put("configmaps", "promokit-ledger", {"data": {}})
    found = way(scene)
    assert (tags(found), found.proven, found.why) == ({FIRST}, False, "the ledger tells no earlier image")


def test_rubbish_in_the_ledger_leaves_it_to_the_revisions_and_no_tag_passes(scene: Scene) -> None:
    """Whether a tag succeeded here can't be told then."""
    ran(scene, SECOND)
    scene.api.put("configmaps", "promokit-ledger", {"data": {"lines": "rubbish"}})
    assert way(scene).why == "the ledger can't be read: line 1 is not one of ours"
    with pytest.raises(Refused, match="can't be told"):
        way(scene, FIRST)
    assert rollback(scene.environment, clients=scene.clients).succeeded
    assert scene.running() == dict.fromkeys(BOTH, FIRST)


def test_a_restart_is_no_revision_to_go_back_to(scene: Scene) -> None:
    """`rollout undo` would land on the same image."""
    ran(scene, SECOND)
    for name in BOTH:
        data = copy.deepcopy(scene.api.get("deployments", name))
        data["spec"]["template"]["metadata"] = {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}
        scene.api.put("deployments", name, data)
    scene.api.delete("configmaps", "promokit-ledger")
    assert tags(way(scene)) == {FIRST}


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_the_other_kinds_go_back_by_their_controller_revisions(scene: Scene, kind: Any) -> None:
    """The newest with another image."""
    resource = f"{kind.lower()}s"
    made = deployment_json("app", str(scene.images[THIRD]))
    owner = scene.api.put(resource, "store", made)["metadata"]["uid"]
    for number, tag in enumerate((FIRST, SECOND, THIRD), 1):
        template = deployment_json("app", str(scene.images[tag]))["spec"]["template"] | {"$patch": "replace"}
        meta = {"ownerReferences": [{"uid": owner, "controller": True}]}
        body = {"metadata": meta, "revision": number, "data": {"spec": {"template": template}}}
        scene.api.put("controllerrevisions", f"store-{number}", body)
    where = Environment(name="test", namespace="credreg-test", workloads=(Workload("store", "app", kind),))
    found = find_way(scene.api.namespace(), where, whole=True)
    assert (tags(found), found.proven) == ({SECOND}, False)
    assert "$patch" not in found.templates[where.reference]


def with_env(scene: Scene, tag: str) -> None:
    """Somebody applies manifests with another image and an environment variable."""
    for name in BOTH:
        data = copy.deepcopy(scene.api.get("deployments", name))
        (container,) = data["spec"]["template"]["spec"]["containers"]
        container |= {"image": str(scene.images[tag]), "env": [{"name": "MODE", "value": "secret"}]}
        scene.api.put("deployments", name, data)


def env(scene: Scene) -> list[Any]:
    found = [scene.api.get("deployments", name)["spec"]["template"]["spec"]["containers"][0] for name in sorted(BOTH)]
    return [each.get("env") for each in found]


def test_the_image_goes_back_alone(scene: Scene) -> None:
    """What else somebody changed stays."""
    with_env(ran(scene, FIRST, SECOND), THIRD)
    assert rollback(scene.environment, clients=scene.clients).succeeded
    assert None not in env(scene)


def test_the_whole_pod_template_goes_back_where_it_is_asked_for(scene: Scene) -> None:
    """As `rollout undo` does; what differs is told by name, not by value, and the ledger says it."""
    with_env(ran(scene, FIRST, SECOND), THIRD)
    seen: list[Way] = []
    assert rollback(scene.environment, whole=True, clients=scene.clients, confirm=seen.append).succeeded
    assert scene.running() == dict.fromkeys(BOTH, SECOND)
    assert env(scene) == [None, None]
    assert seen[0].changes[scene.environment.reference] == ("main-app: env",)
    assert next(each for each in scene.book().lines if each["kind"] == "rollback")["whole"] is True


def test_a_revision_that_is_gone_is_refused_with_the_way_out(scene: Scene) -> None:
    """revisionHistoryLimit keeps only so many: the image alone can go back."""
    ran(scene, FIRST, SECOND, THIRD)
    for key in [key for key in scene.api.objects if key[1] == "replicasets"]:
        scene.api.delete("replicasets", key[2])
    before = scene.state()
    with pytest.raises(Refused, match="leave --whole out"):
        rollback(scene.environment, whole=True, clients=scene.clients)
    assert scene.state() == before
    assert rollback(scene.environment, clients=scene.clients).succeeded


def test_a_registry_that_says_nothing_is_not_waited_for(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is dead on a Friday evening: that is told, and the environment goes back."""
    monkeypatch.setattr(presence, "LONGEST_SECONDS", 0.1)
    ran(scene, FIRST, SECOND, THIRD)
    told: list[str] = []
    scene.registry.silent_seconds = 2.0
    assert rollback(scene.environment, clients=scene.clients, progress=told.append).succeeded
    assert any("no answer in 0.1 s" in each for each in told)


def test_a_client_that_is_slow_to_load_is_not_a_silent_registry(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine that takes longer than the answer: the registry's word counts all the same."""
    monkeypatch.setattr(presence, "LONGEST_SECONDS", 0.5)
    takes = iter([0.7])
    monkeypatch.setattr(OciRegistry, "load", lambda self: time.sleep(next(takes, 0.0)))
    ran(scene, FIRST, SECOND, THIRD)
    scene.registry.images.clear()
    with pytest.raises(Refused, match="isn't in the registry"):
        rollback(scene.environment, clients=scene.clients)


def test_the_registrys_client_is_loaded_while_the_way_is_found(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes longer than the answer."""
    ran(scene, FIRST, SECOND, THIRD)
    loaded = threading.Event()

    def found(*asked: Any, **settings: Any) -> Way:
        assert loaded.wait(5)
        return find_way(*asked, **settings)

    monkeypatch.setattr(OciRegistry, "load", lambda self: loaded.set())
    monkeypatch.setattr("promokit.promotion.rollback.find_way", found)
    assert rollback(scene.environment, clients=scene.clients).succeeded


def test_what_changed_while_somebody_was_asked_is_not_gone_on_with(scene: Scene) -> None:
    """Another way than the one that was confirmed is refused, and nothing is changed."""
    ran(scene, FIRST, SECOND, THIRD)
    digest = scene.images[SECOND].digest
    assert digest is not None

    def meanwhile(found: Way) -> None:
        hold(scene.environment, digest, reason="it is bad too", clients=scene.clients)

    with pytest.raises(Refused, match="changed meanwhile"):
        rollback(scene.environment, clients=scene.clients, confirm=meanwhile)
    assert scene.running() == dict.fromkeys(BOTH, THIRD)


def test_an_epoch_that_a_promotion_wrote_since_it_was_read_is_gone_past(scene: Scene) -> None:
    """It is lower; a higher one is another's, and ends this."""
    namespace, reference = scene.api.namespace(), scene.environment.reference
    read = namespace.controllers([reference])[reference]
    write_epoch(namespace, read, 5)
    assert epoch_of(write_epoch(namespace, read, 6)) == 6
    with pytest.raises(Superseded):
        write_epoch(namespace, read, 4)
    assert scene.api.get("deployments", "main-app")["metadata"]["annotations"][EPOCH] == "6"

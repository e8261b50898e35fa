import pytest

from promokit.errors import Refused, Superseded
from promokit.promotion.rollback import rollback
from promokit.promotion.way import Way
from tests.promotion.scene import FIRST, SECOND, THIRD, Scene

BOTH = {"main-app", "worker-app"}


def test_it_goes_back_to_the_newest_image_that_succeeded(moved: Scene) -> None:
    """What failed isn't a way back; all workloads go together, and what was left is held."""
    done = rollback(moved.environment, reason="it crashes", clients=moved.clients)
    assert (done.outcome, done.changed) == ("succeeded", True)
    assert moved.running() == dict.fromkeys(BOTH, SECOND)
    assert moved.book().holds == {str(moved.images[THIRD].digest): "it crashes"}
    assert "hold --release" in done.next_steps[0]
    assert moved.planned(THIRD).exit_code == 3


def test_without_a_hold_the_image_may_come_again(moved: Scene) -> None:
    """It wasn't the image's fault."""
    rollback(moved.environment, hold=False, clients=moved.clients)
    assert moved.book().holds == {}


def test_it_goes_to_a_tag_that_succeeded_here_and_to_no_other(moved: Scene) -> None:
    """A rollback is no side door."""
    with pytest.raises(Refused, match="has not succeeded in test before"):
        rollback(moved.environment, THIRD, clients=moved.clients)
    assert rollback(moved.environment, FIRST, clients=moved.clients).succeeded
    assert moved.running() == dict.fromkeys(BOTH, FIRST)


def test_without_a_ledger_the_revision_history_tells_unproven(moved: Scene) -> None:
    """The newest revision with another image, and the person is told that nothing proves it."""
    moved.api.delete("configmaps", "promokit-ledger")
    seen: list[Way] = []
    rollback(moved.environment, clients=moved.clients, confirm=seen.append)
    assert seen[0].proven is False
    assert "the ledger tells no earlier image" in seen[0].why
    assert moved.running() == dict.fromkeys(BOTH, SECOND)


def test_a_person_who_says_no_stops_it_before_anything_changed(moved: Scene) -> None:
    """The way is shown first."""
    before = moved.state()

    def no(way: Way) -> None:
        raise Refused("no")

    with pytest.raises(Refused, match="no"):
        rollback(moved.environment, clients=moved.clients, confirm=no)
    assert moved.state() == before


def test_an_image_that_is_gone_from_the_registry_refuses(moved: Scene) -> None:
    """No pod could start with it."""
    moved.registry.images.clear()
    with pytest.raises(Refused, match="isn't in the registry"):
        rollback(moved.environment, clients=moved.clients)


def test_a_ledger_that_cannot_be_written_does_not_stop_it(moved: Scene) -> None:
    """It says so loudly instead."""
    told: list[str] = []
    moved.api.fail(403, method="PUT", path="configmaps", times=9)
    assert rollback(moved.environment, clients=moved.clients, progress=told.append).succeeded
    assert moved.running() == dict.fromkeys(BOTH, SECOND)
    assert any("THE LEDGER CAN'T BE WRITTEN" in each for each in told)


def test_it_takes_the_lease_from_a_promotion_under_way(moved: Scene) -> None:
    """The promotion's epoch doesn't stand on the workloads any more."""
    from promokit.ledger.lease import take
    from promokit.rollout.change import set_image

    namespace = moved.api.namespace()
    with take(namespace, "a promotion") as promotion:
        rollback(moved.environment, clients=moved.clients)
        with pytest.raises(Superseded):
            set_image(
                namespace,
                moved.environment.reference,
                str(moved.images[THIRD]),
                expected=str(moved.images[SECOND]),
                epoch=promotion.epoch,
                cause="too late",
            )
    assert moved.running() == dict.fromkeys(BOTH, SECOND)


def test_a_paused_deployment_is_refused(moved: Scene) -> None:
    """With what to do."""
    data = moved.api.get("deployments", "main-app")
    data["spec"]["paused"] = True
    with pytest.raises(Refused, match="Remedy: kubectl -n credreg-test rollout resume deployment/main-app"):
        rollback(moved.environment, clients=moved.clients)


def test_a_second_rollback_goes_no_further_back_by_itself(moved: Scene) -> None:
    """Two people start one: the second is refused, unless it names a tag."""
    assert rollback(moved.environment, clients=moved.clients).succeeded
    before = moved.state()
    with pytest.raises(Refused, match="is back on 2222"):
        rollback(moved.environment, clients=moved.clients)
    assert moved.state() == before
    assert rollback(moved.environment, FIRST, clients=moved.clients).succeeded


def test_a_rollback_that_stopped_half_way_is_finished(moved: Scene) -> None:
    """The next one goes to the same image, and what was left is held already."""
    moved.api.fail(403, method="PATCH", path="worker-app", after=1)
    half = rollback(moved.environment, clients=moved.clients)
    assert (half.outcome, half.reason) == ("failed", "half-changed")
    assert moved.running() == {"main-app": SECOND, "worker-app": THIRD}
    assert set(moved.book().holds) == {str(moved.images[THIRD].digest)}
    assert rollback(moved.environment, clients=moved.clients).succeeded
    assert moved.running() == dict.fromkeys(BOTH, SECOND)


@pytest.mark.parametrize(("lost", "for_good"), [(99, True), (3, True), (2, False), (1, False)])
def test_a_ledger_that_loses_lines_meanwhile_has_the_rollback_and_its_hold_again(
    moved: Scene, lost: int, for_good: bool
) -> None:
    """Somebody deletes it, or cuts its tail, while images are changed; what of others' lines is lost is told."""
    told: list[str] = []
    cuts: list[int] = []

    def cut(key: tuple[str, str, str]) -> None:
        if key[1:] == ("deployments", "worker-app") and SECOND in str(moved.api.objects[key]) and not cuts:
            cuts.append(lost)
            config = moved.api.get("configmaps", "promokit-ledger")
            lines = config["data"]["lines"].splitlines()[:-lost]
            moved.api.put("configmaps", "promokit-ledger", {"data": {"lines": "\n".join(lines)}})

    moved.api.reactions.append(cut)
    assert rollback(moved.environment, clients=moved.clients, progress=told.append).succeeded
    assert any("THE LEDGER LOST LINES MEANWHILE" in each for each in told) == for_good
    book = moved.book()
    assert book.broken() is None
    assert [each["outcome"] for each in book.lines if each["line"] == "closed"][-1] == "succeeded"
    assert set(book.holds) == {str(moved.images[THIRD].digest)}

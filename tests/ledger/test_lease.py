import threading
import time
from typing import Any

import pytest

from promokit.errors import Refused, Unreachable
from promokit.ledger import lease as leases
from promokit.ledger.lease import Lease, take
from promokit.ledger.lease_object import EPOCH, NAME
from promokit.ledger.lease_watch import Unrenewed
from tests.cluster.api_server import ApiServer

ALICE, BOB = "https://github.com/acme/credreg/actions/runs/7/attempts/1", "bob@laptop (process 1)"


LIVES, RENEWED = leases.DURATION_SECONDS, leases.RENEW_EVERY_SECONDS


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases that live for parts of a second."""
    monkeypatch.setattr(leases, "DURATION_SECONDS", 0.4)
    monkeypatch.setattr(leases, "RENEW_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(leases, "_LOOK_EVERY_SECONDS", 0.02)
    monkeypatch.setattr(leases, "_ANSWER_SECONDS", 0.2)


def spec(api: ApiServer) -> dict[str, object]:
    found: dict[str, object] = api.get("leases", NAME)["spec"]
    return found


def until_lost(held: Lease) -> bool:
    deadline = time.monotonic() + 5
    while held.lost() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return held.lost() == "superseded"


def test_a_lease_is_taken_and_let_go(api: ApiServer) -> None:
    """Its holder is named while it is held, and nobody after."""
    with take(api.namespace(), ALICE) as held:
        assert spec(api)["holderIdentity"] == ALICE
        assert (held.epoch, held.lost()) == (1, None)
        held.release()
    assert spec(api)["holderIdentity"] == ""


def test_the_same_run_takes_it_up_again(api: ApiServer) -> None:
    """The steps of a job share it, with the same epoch, without waiting."""
    with take(api.namespace(), ALICE) as first:
        pass
    with take(api.namespace(), ALICE, above=first.epoch, wait=0) as second:
        assert second.epoch == first.epoch


def test_the_epoch_always_grows_with_a_new_holder(api: ApiServer) -> None:
    """Also above what stands on the workloads, after a lease that was deleted."""
    epochs = []
    for holder, above in ((ALICE, 0), (BOB, 0), (ALICE, 41), (BOB, 7)):
        with take(api.namespace(), holder, above=above) as held:
            epochs.append(held.epoch)
            held.release()
    api.delete("leases", NAME)
    with take(api.namespace(), ALICE, above=epochs[-1]) as held:
        epochs.append(held.epoch)
    assert epochs == [1, 2, 42, 43, 44]


def test_taken_up_again_below_a_workloads_epoch_it_grows(api: ApiServer) -> None:
    """Somebody wrote a higher one on a workload meanwhile."""
    with take(api.namespace(), ALICE):
        pass
    with take(api.namespace(), ALICE, above=9) as held:
        assert held.epoch == 10


def test_anothers_lease_is_waited_for_and_then_refused_with_its_holder(api: ApiServer) -> None:
    """Who waits is told at once for whom; the refusal is the lease's and says what to do."""
    told: list[str] = []
    with take(api.namespace(), ALICE), pytest.raises(Refused, match="lease: another operation") as caught:
        take(api.namespace(), BOB, wait=0.1, progress=told.append)
    assert ALICE in str(caught.value)
    assert caught.value.exit_code == 3
    assert told == [f"waiting for {ALICE}"]


def test_not_waiting_refuses_at_once(api: ApiServer) -> None:
    """`--no-wait` looks once."""
    with take(api.namespace(), ALICE):
        calls = len(api.calls)
        with pytest.raises(Refused):
            take(api.namespace(), BOB, wait=0)
        assert len([each for each in api.calls[calls:] if each.method != "PUT"]) <= 3


def test_a_lease_that_is_let_go_is_taken_by_who_waits(api: ApiServer) -> None:
    """Waiting ends with the other's operation."""
    held = take(api.namespace(), ALICE)
    releasing = threading.Timer(0.1, held.release)
    releasing.start()
    with take(api.namespace(), BOB, wait=10) as mine:
        assert spec(api)["holderIdentity"] == BOB
        assert mine.epoch == held.epoch + 1


def test_a_holder_that_renews_is_not_taken_for_gone(api: ApiServer) -> None:
    """However long its operation takes."""
    with take(api.namespace(), ALICE), pytest.raises(Refused):
        take(api.namespace(), BOB, wait=0.8)


def test_a_holder_that_is_gone_is_succeeded(api: ApiServer) -> None:
    """Whether it renews is measured by the observer's own clock, not by the time in the Lease."""
    take(api.namespace(), ALICE).stop()
    data = api.get("leases", NAME)
    data["spec"]["renewTime"] = "2099-01-01T00:00:00.000000Z"
    api.put("leases", NAME, data)
    with take(api.namespace(), BOB, wait=10) as held:
        assert spec(api)["holderIdentity"] == BOB
        assert held.epoch == 2


def test_a_rollback_takes_it_at_once_and_the_other_hears_of_it(api: ApiServer) -> None:
    """The one that lost it is told by its next renewal, and can't let go what isn't its own."""
    with take(api.namespace(), ALICE) as promotion, take(api.namespace(), BOB, at_once=True, wait=0) as rollback:
        assert rollback.epoch == promotion.epoch + 1
        assert (rollback.taken_from, promotion.taken_from) == (ALICE, "")
        assert until_lost(promotion)
        promotion.release()
        assert spec(api)["holderIdentity"] == BOB
        assert rollback.lost() is None


def test_a_lease_that_was_deleted_is_lost(api: ApiServer) -> None:
    """Without it nobody is kept out."""
    with take(api.namespace(), ALICE) as held:
        api.delete("leases", NAME)
        assert until_lost(held)


def test_a_renewal_that_fails_is_tried_again(api: ApiServer) -> None:
    """The API server may be away for a moment."""
    with take(api.namespace(), ALICE) as held:
        before = spec(api)["renewTime"]
        api.fail(503, path="leases", times=2)
        deadline = time.monotonic() + 5
        while spec(api)["renewTime"] == before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert spec(api)["renewTime"] != before
        assert held.lost() is None


def test_a_renewal_that_is_never_answered_is_given_up_and_tried_again(api: ApiServer) -> None:
    """A connection that died must not hold up the next renewal until the lease has run out."""
    with take(api.namespace(), ALICE) as held:
        api.fail(method="PUT", path="leases", silent=True)
        with pytest.raises(Refused):
            take(api.namespace(), BOB, wait=1.0)
        assert held.lost() is None


def test_a_holder_is_not_taken_for_gone_by_who_could_not_look() -> None:
    """While the API server was away, or the observer itself was stopped, nobody could renew or be seen to."""
    look = Unrenewed()
    assert look.seconds(("a", "1"), 100.0) == 0
    assert look.seconds(("a", "1"), 109.0) == 9
    assert look.seconds(("a", "1"), 160.0) == 0
    assert look.seconds(("a", "1"), 165.0) == 5
    assert look.seconds(("a", "2"), 166.0) == 0


def test_trouble_while_it_waits_is_waited_for(api: ApiServer) -> None:
    """An API server that restarts doesn't end a deployment that only waits for another."""
    held = take(api.namespace(), ALICE)
    api.fail(503, path="leases", times=3)
    releasing = threading.Timer(0.3, held.release)
    releasing.start()
    with take(api.namespace(), BOB, wait=10):
        assert spec(api)["holderIdentity"] == BOB


def test_a_lease_whose_taking_was_not_answered_is_ours(api: ApiServer) -> None:
    """It was written and the connection broke off: taken up again, it is the same holder's."""
    take(api.namespace(), ALICE).release()
    api.fail(method="PUT", path="leases", broken=True, body=b"{")
    with take(api.namespace(), BOB, wait=0) as held:
        assert (spec(api)["holderIdentity"], held.epoch) == (BOB, 2)


def test_an_api_server_that_stays_away_is_told(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute it is unknown, not refused."""
    monkeypatch.setattr(leases, "_PATIENCE_SECONDS", 0.2)
    api.fail(503, path="leases", times=50)
    with pytest.raises(Unreachable):
        take(api.namespace(), ALICE, wait=0)


class Signal(BaseException):
    """What a handler raises."""


def test_a_signal_while_it_is_taken_leaves_it_free(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request was answered, or wasn't: whoever comes next needn't wait until it runs out."""
    take(api.namespace(), ALICE).release()

    def written_and_stopped(*asked: Any) -> None:
        write(*asked)
        raise Signal

    write = leases._write
    monkeypatch.setattr(leases, "_write", written_and_stopped)
    with pytest.raises(Signal):
        take(api.namespace(), BOB)
    assert spec(api)["holderIdentity"] == ""


def test_letting_go_stands_against_a_renewal_that_comes_in_between(api: ApiServer) -> None:
    """Else the next one would wait until it runs out."""
    with take(api.namespace(), ALICE) as held:
        api.fail(409, method="PUT", path="leases")
        held.release()
    assert spec(api)["holderIdentity"] == ""


RUBBISH: list[dict[str, Any]] = [
    {},
    {"spec": None, "metadata": {"annotations": None}},
    {"spec": {"holderIdentity": None, "leaseTransitions": None}, "metadata": {"annotations": {EPOCH: "a while"}}},
    {"spec": {"holderIdentity": "", "leaseTransitions": "many"}, "metadata": {"annotations": {EPOCH: "9" * 5000}}},
    {"spec": {"renewTime": 7, "acquireTime": "yesterday"}, "metadata": {"annotations": {EPOCH: "-3"}}},
]


@pytest.mark.parametrize("rubbish", RUBBISH)
def test_a_lease_with_rubbish_in_it_is_free(api: ApiServer, rubbish: dict[str, Any]) -> None:
    """What isn't as promokit writes it counts as not being there; the epoch is still above that of the workloads."""
    api.put("leases", NAME, rubbish)
    with take(api.namespace(), ALICE, above=6, wait=0) as held:
        assert (spec(api)["holderIdentity"], held.epoch) == (ALICE, 7)


def test_rubbish_that_comes_meanwhile_is_a_lost_lease(api: ApiServer) -> None:
    """Without a holder nobody is kept out."""
    with take(api.namespace(), ALICE) as held:
        api.put("leases", NAME, {"spec": None})
        assert until_lost(held)


def test_of_many_at_once_one_holds_it(api: ApiServer) -> None:
    """Each gets it in turn, each with an epoch of its own."""
    epochs: list[int] = []
    inside: list[int] = []

    def work(number: int) -> None:
        with take(api.namespace(), f"run {number}", wait=20) as held:
            inside.append(number)
            assert len(inside) == 1
            epochs.append(held.epoch)
            inside.remove(number)
            held.release()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(epochs) == [1, 2, 3, 4, 5]


def test_a_crashed_holder_is_gone_within_a_minute() -> None:
    """The real durations: renewed several times within the time it lives, which is below a minute."""
    assert RENEWED * 3 < LIVES < 60

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from promokit.cli.ending import Stopped
from promokit.ledger.chain import verify
from promokit.promotion.primitives import roll_out, run_migration
from promokit.promotion.rollback import rollback
from tests.cluster.api_server import Key
from tests.promotion.scene import FIRST, SECOND, Scene

When = Callable[[Key, dict[str, Any]], bool]


@pytest.fixture(autouse=True)
def stopped_by_a_signal() -> Iterator[None]:
    """SIGUSR1 stops the main thread wherever it is, as SIGINT does the command's."""

    def stop(*_: object) -> None:
        raise Stopped(signal.SIGINT)

    before = signal.signal(signal.SIGUSR1, stop)
    yield
    signal.signal(signal.SIGUSR1, before)


def signalled(scene: Scene, when: When) -> None:
    """Send the signal once such an object is written, before that is answered."""
    sent: list[Key] = []

    def send(key: Key) -> None:
        if not sent and when(key, scene.api.objects[key]):
            sent.append(key)
            os.kill(os.getpid(), signal.SIGUSR1)

    scene.api.reactions.append(send)


def stopped(act: Callable[[], object]) -> Stopped:
    with pytest.raises(Stopped) as caught:
        act()
    return caught.value


def closed(scene: Scene) -> dict[str, Any]:
    """The one operation's closed line; the chain holds and the lease is let go."""
    lines = scene.book().lines
    assert [each["line"] for each in lines if each["line"] != "noted"] == ["opened", "closed"]
    assert verify(lines) is None
    assert scene.api.get("leases", "promokit")["spec"]["holderIdentity"] == ""
    return dict(lines[-1])


def notes(error: Stopped) -> str:
    return "; ".join(error.__notes__)


def ledger_lines(data: dict[str, Any]) -> int:
    return len(data.get("data", {}).get("lines", "").splitlines())


def test_while_the_ledger_is_opened(scene: Scene) -> None:
    """The first line may be there or not: both are, and nothing was changed."""
    signalled(scene, lambda key, data: key[1] == "configmaps")
    error = stopped(lambda: scene.applied(SECOND))
    line = closed(scene)
    assert (line["outcome"], line["reason"], line["why"]) == ("inconclusive", "cancelled", "stopped by SIGINT")
    assert line["workloads"]["main-app/main-app"] == f"is still set to {FIRST}"
    assert error.changed is False


def test_a_rollout_without_gates_tells_what_it_changed(scene: Scene) -> None:
    """No ledger does; the exit says it, with what stands where."""
    signalled(scene, lambda key, data: key[2] == "main-app" and SECOND in str(data["spec"]))
    error = stopped(lambda: roll_out(scene.environment, scene.images[SECOND], clients=scene.clients))
    assert error.changed is True
    assert f"main-app/main-app is set to {SECOND}" in notes(error)
    assert f"worker-app/worker is still set to {FIRST}" in notes(error)


def test_a_rollout_without_gates_of_what_runs_already_changed_nothing(scene: Scene) -> None:
    """It only followed it."""

    def hasten(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGUSR1)

    error = stopped(lambda: roll_out(scene.environment, scene.images[FIRST], clients=scene.clients, progress=hasten))
    assert error.changed is False


def test_a_migration_without_gates_tells_of_its_job(scene: Scene, tmp_path: Path) -> None:
    """It goes on by itself."""
    environment = scene.with_migration(tmp_path).environment
    scene.api.reactions.pop()  # what lets it complete
    assert environment.migration is not None
    job, image = environment.migration.job, scene.images[FIRST]
    signalled(scene, lambda key, data: key[1] == "jobs")
    error = stopped(lambda: run_migration(environment, job, image, clients=scene.clients))
    assert error.changed is True
    assert "progressing" in notes(error)


def test_before_the_ledgers_first_request_is_made(scene: Scene) -> None:
    """A request that is still on its way fails once the operation's two lines are there."""

    def send() -> None:
        while not any(each.method == "POST" and "configmaps" in each.path for each in list(scene.api.calls)):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGUSR1)

    scene.api.fail(method="POST", path="configmaps", silent=True)
    threading.Thread(target=send, daemon=True).start()
    stopped(lambda: scene.applied(SECOND))
    assert closed(scene)["reason"] == "cancelled"


def test_between_two_patches(scene: Scene) -> None:
    """What is set and what isn't yet is in the ledger, and told."""
    signalled(scene, lambda key, data: key[2] == "main-app" and SECOND in str(data["spec"]))
    error = stopped(lambda: scene.applied(SECOND))
    line = closed(scene)
    assert line["workloads"] == {
        "main-app/main-app": f"is set to {SECOND}: 1 of 1 pods are new, 1 ready",
        "worker-app/worker": f"is still set to {FIRST}",
    }
    assert error.changed is True
    assert f"main-app/main-app is set to {SECOND}" in notes(error)


def test_while_a_migration_runs(scene: Scene, tmp_path: Path) -> None:
    """Its Job goes on in the cluster, and is named."""
    there = scene.with_migration(tmp_path)
    scene.api.reactions.pop()
    signalled(scene, lambda key, data: key[1] == "jobs")
    error = stopped(lambda: there.applied(SECOND))
    assert list(closed(scene)["jobs"].values()) == ["progressing"]
    assert "progressing" in notes(error)


def test_while_it_is_closed(scene: Scene) -> None:
    """A result that is known is what is written, whoever waits for the answer."""
    signalled(scene, lambda key, data: key[1] == "configmaps" and ledger_lines(data) == 2)
    stopped(lambda: scene.applied(SECOND))
    line = closed(scene)
    assert (line["outcome"], line["reason"]) == ("succeeded", "complete")


def test_a_rollback_is_closed_too(scene: Scene) -> None:
    """And holds the digest that it leaves: that is written first."""
    scene.applied(FIRST)
    scene.applied(SECOND)
    count = len(scene.book().lines)
    signalled(scene, lambda key, data: key[2] == "main-app" and FIRST in str(data["spec"]))
    error = stopped(lambda: rollback(scene.environment, clients=scene.clients))
    begun, held, ended = scene.book().lines[count:]
    assert [each["line"] for each in (begun, held, ended)] == ["opened", "noted", "closed"]
    assert (ended["reason"], error.changed) == ("cancelled", True)
    assert f"is set to {FIRST}" in ended["workloads"]["main-app/main-app"]


def test_an_api_server_that_does_not_answer_is_not_waited_for(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told that the ledger doesn't say so; whoever comes next does."""
    monkeypatch.setattr("promokit.promotion.stopping._LOOK_SECONDS", 0.2)
    monkeypatch.setattr("promokit.promotion.stopping._CLOSE_SECONDS", 0.2)

    def cut(text: str) -> None:
        scene.api.fail(503, times=1000)
        raise Stopped(signal.SIGTERM)

    error = stopped(lambda: scene.applied(SECOND, progress=cut))
    assert error.changed is True
    assert "can't be told" in notes(error)
    assert "whoever comes next" in notes(error)
    scene.api.faults.clear()
    scene.applied(SECOND)
    assert [each.get("reason") for each in scene.book().lines if each["line"] == "closed"] == [
        "interrupted",
        "complete",
    ]

from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve

from promokit.errors import ConfigError, Refused
from promokit.ledger import lease as leases
from promokit.ledger.chain import verify
from promokit.ledger.lease import take
from promokit.ledger.record import succeeded
from promokit.ledger.store import append
from promokit.promotion.apply import apply, apply_migration, apply_rollout
from promokit.promotion.clients import Clients
from promokit.promotion.plan import decode, promise_of
from promokit.promotion.record import hold, release
from tests.manifest_objects import Controller
from tests.promotion.scene import FIRST, SECOND, THIRD, Scene

BOTH = {"main-app", "worker-app"}


def test_a_plan_reads_only(scene: Scene) -> None:
    """It says from what to what, and changes nothing."""
    before = scene.state()
    made = scene.planned(SECOND)
    assert made.allowed
    assert made.image == scene.images[SECOND]
    assert made.previous == dict.fromkeys(("main-app/main-app", "worker-app/worker"), str(scene.images[FIRST]))
    assert scene.state() == before
    assert {each.method for each in scene.api.calls} == {"GET"}


def test_an_applied_plan_is_what_runs_and_what_is_recorded(scene: Scene) -> None:
    """Every workload is pinned, the ledger has its two lines, and the lease is let go."""
    done = scene.applied(SECOND)
    assert (done.outcome, done.reason, done.changed) == ("succeeded", "complete", True)
    assert [str(each.verdict.outcome) for each in done.standings] == ["succeeded"] * 2
    assert {each.workload.name for each in done.standings} == BOTH
    assert scene.running() == dict.fromkeys(BOTH, SECOND)
    opened, closed = scene.book().lines
    assert (opened["line"], opened["kind"], opened["image"]) == ("opened", "rollout", str(scene.images[SECOND]))
    assert opened["identity"] == "system:tester"
    assert (closed["line"], closed["outcome"], closed["op"]) == ("closed", "succeeded", opened["op"])
    assert verify(scene.book().lines, head=done.head) is None
    assert scene.api.get("leases", "promokit")["spec"]["holderIdentity"] == ""


def test_applying_it_again_does_nothing_twice(scene: Scene) -> None:
    """What runs already isn't patched again."""
    scene.applied(SECOND)
    versions = [scene.api.get("deployments", each)["metadata"]["generation"] for each in BOTH]
    assert scene.applied(SECOND).changed is False
    assert [scene.api.get("deployments", each)["metadata"]["generation"] for each in BOTH] == versions


def test_a_target_that_moved_refuses_the_plan_and_changes_nothing(scene: Scene) -> None:
    """It is told what was decided and what is now."""
    made = scene.planned(SECOND)
    scene.applied(THIRD)
    before = scene.state()
    with pytest.raises(Refused, match=r"hold any more: main-app/main-app of test was .*1111@.*, is .*3333@"):
        apply(made, clients=scene.clients, wait=0)
    assert scene.state() == before


def test_a_hold_that_was_set_meanwhile_refuses(scene: Scene) -> None:
    """The gates are asked again; releasing it lets the same plan through."""
    made = scene.planned(SECOND)
    digest = scene.images[SECOND].digest
    assert digest is not None
    hold(scene.environment, digest, reason="it lost money", clients=scene.clients)
    before = scene.state()
    with pytest.raises(Refused, match="hold: this digest was rolled back here and is held: it lost money"):
        apply(made, clients=scene.clients, wait=0)
    assert scene.state() == before
    release(scene.environment, digest, reason="mended", clients=scene.clients)
    assert apply(made, clients=scene.clients, wait=0).succeeded


def test_a_plan_that_has_expired_refuses(scene: Scene) -> None:
    """It was made more than 24 hours ago."""
    made = scene.planned(SECOND)
    with pytest.raises(Refused, match="has expired"):
        apply(evolve(made, created=made.created - timedelta(hours=25)), clients=scene.clients, wait=0)


def test_a_plan_from_the_future_refuses(scene: Scene) -> None:
    """It would last longer than 24 hours; clocks that differ by minutes do no harm."""
    made = scene.planned(SECOND)
    with pytest.raises(Refused, match="made in the future"):
        apply(evolve(made, created=made.created + timedelta(hours=1)), clients=scene.clients, wait=0)
    assert apply(evolve(made, created=made.created + timedelta(minutes=2)), clients=scene.clients, wait=0).succeeded


def test_an_edited_plan_refuses(scene: Scene) -> None:
    """What it decides is computed again, so another digest in it is found."""
    promise = decode(scene.planned(SECOND).encode())
    edited = evolve(promise, decided={**promise.decided, "image": str(scene.images[THIRD])})
    with pytest.raises(Refused, match="image was"):
        apply_rollout(scene.environment, edited, clients=scene.clients, wait=0)
    assert scene.running() == dict.fromkeys(BOTH, FIRST)


def test_another_operation_under_way_refuses_with_its_holder(scene: Scene) -> None:
    """Not waiting, it is refused by the lease."""
    with take(scene.api.namespace(), "bob@laptop"), pytest.raises(Refused, match="bob@laptop"):
        scene.applied(SECOND)
    assert scene.running() == dict.fromkeys(BOTH, FIRST)


def test_a_ledger_that_cannot_be_written_stops_it_before_anything_changed(scene: Scene) -> None:
    """No record, no change; the lease is let go."""
    scene.api.fail(403, method="POST", path="configmaps")
    with pytest.raises(Exception, match="the ledger can't be written"):
        scene.applied(SECOND)
    assert scene.running() == dict.fromkeys(BOTH, FIRST)
    assert scene.api.get("leases", "promokit")["spec"]["holderIdentity"] == ""


def test_an_image_that_crashes_fails_and_stays_without_auto_rollback(scene: Scene) -> None:
    """The verdict has its cause; the ledger says failed."""
    scene.api.logs["main-app-2-0/main-app"] = "panic: no database\n"
    done = scene.applied(THIRD)
    assert (done.outcome, done.reason, done.exit_code, done.rolled_back) == ("failed", "crash-loop", 1, False)
    assert done.evidence[0].exit_code == 3
    assert "crash-loop" in {each.verdict.reason for each in done.standings}
    assert scene.running() == dict.fromkeys(BOTH, THIRD)
    assert scene.book().lines[-1]["outcome"] == "failed"


def test_a_failed_rollout_goes_back_by_itself(scene: Scene) -> None:
    """All workloads run what they ran; the result says both, and sets no hold."""
    there = evolve(scene, environment=evolve(scene.environment, auto_rollback=True))
    done = there.applied(THIRD)
    assert (done.outcome, done.rolled_back) == ("failed", True)
    assert scene.running() == dict.fromkeys(BOTH, FIRST)
    assert scene.book().lines[-1]["rolled_back"] is True
    assert scene.book().holds == {}


def test_a_rollout_and_its_migration_are_one_operation(scene: Scene, tmp_path: Path) -> None:
    """Two steps, one opened and one closed line, and the migration is remembered for its digest."""
    done = scene.with_migration(tmp_path).applied(SECOND)
    assert (done.outcome, done.migration, done.changed) == ("succeeded", "succeeded", True)
    assert [each["line"] for each in scene.book().lines] == ["opened", "closed"]
    assert scene.book().lines[-1]["migration"] == "succeeded"


def test_a_migration_that_fails_after_the_rollout_leaves_the_image(scene: Scene, tmp_path: Path) -> None:
    """It exits 1 and tells the command that goes back."""
    there = scene.with_migration(tmp_path)
    scene.api.reactions[0] = Controller(scene.api)  # THIRD runs well, only its migration fails
    done = there.applied(THIRD)
    assert (done.outcome, done.exit_code, done.changed) == ("failed", 1, True)
    assert "promokit rollback test" in done.next_steps[0]
    assert scene.running() == dict.fromkeys(BOTH, THIRD)


def test_a_migration_without_its_rollout_is_refused_and_no_way_back(scene: Scene, tmp_path: Path) -> None:
    """It belongs after the rollout: alone it changes nothing, and never counts as an image that ran here."""
    there = scene.with_migration(tmp_path)
    before = scene.state()
    with pytest.raises(Refused, match="runs after the rollout"):
        apply_migration(there.environment, promise_of(there.planned(SECOND)), clients=scene.clients, wait=0)
    assert scene.state() == before


def test_a_migration_of_an_operation_that_was_cut_off_is_finished(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rolled out but not migrated: the next migration is an operation of its own, no rollout by the ledger."""
    monkeypatch.setattr(leases, "DURATION_SECONDS", 1.0)  # who comes next waits for it
    monkeypatch.setattr(leases, "RENEW_EVERY_SECONDS", 0.1)
    there = scene.with_migration(tmp_path)
    assert apply_rollout(there.environment, promise_of(there.planned(SECOND)), clients=scene.clients, wait=0).succeeded
    again = evolve(there, clients=Clients({**scene.clients.environ, "USER": "somebody-else"}))
    done = apply_migration(there.environment, promise_of(again.planned(SECOND)), clients=again.clients, wait=60)
    assert (done.outcome, done.changed) == ("succeeded", True)
    assert scene.book().lines[-1]["kind"] == "migration"
    assert [each.kind for each in succeeded(scene.book().lines)] == []


def test_a_job_whose_lease_ran_out_between_its_steps_does_not_go_on(scene: Scene, tmp_path: Path) -> None:
    """Something took too long between rollout and migration, and somebody else brought another image."""
    there = scene.with_migration(tmp_path)
    scene.api.reactions[0] = Controller(scene.api)
    run = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "7", "GITHUB_REPOSITORY": "acme/credreg"}
    steps = Clients({**scene.clients.environ, **run})
    promise = promise_of(there.planned(SECOND))
    assert apply_rollout(there.environment, promise, clients=steps, wait=0).succeeded
    lease = scene.api.get("leases", "promokit")
    scene.api.put("leases", "promokit", {**lease, "spec": {**lease["spec"], "holderIdentity": ""}})
    scene.applied(THIRD)
    jobs = [key for key in scene.api.objects if key[1] == "jobs"]
    with pytest.raises(Refused, match=r"the plan doesn't hold any more: main-app/main-app of test was"):
        apply_migration(there.environment, promise, clients=steps, wait=0)
    assert [key for key in scene.api.objects if key[1] == "jobs"] == jobs
    assert [each.get("reason") for each in scene.book().lines if each["line"] == "closed"] == [
        "interrupted",
        "complete",
    ]


def test_the_steps_of_a_job_share_the_lease_and_one_operation(scene: Scene, tmp_path: Path) -> None:
    """Each is a process of its own; another run's attempt is another holder."""
    there = scene.with_migration(tmp_path)
    run = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "7", "GITHUB_REPOSITORY": "acme/credreg"}
    steps, again = (Clients({**scene.clients.environ, **run, "GITHUB_RUN_ATTEMPT": each}) for each in "12")
    promise = promise_of(there.planned(SECOND))
    assert apply_rollout(there.environment, promise, clients=steps, wait=0).succeeded
    with pytest.raises(Refused, match="runs/7/attempts/1"):
        apply_migration(there.environment, promise, clients=again, wait=0)
    assert apply_migration(there.environment, promise, clients=steps, wait=0).succeeded
    assert [each["line"] for each in scene.book().lines] == ["opened", "closed"]


def test_a_migration_that_the_ledger_knows_is_not_run_again(scene: Scene, tmp_path: Path) -> None:
    """Its Job may be gone by its time to live: the ledger remembers."""
    there = scene.with_migration(tmp_path)
    assert there.applied(SECOND).migration == "succeeded"
    for key in [key for key in scene.api.objects if key[1] == "jobs"]:
        scene.api.delete("jobs", key[2])
    done = apply_migration(there.environment, promise_of(there.planned(SECOND)), clients=scene.clients, wait=0)
    assert (done.outcome, done.reason, done.changed) == ("succeeded", "already-done", False)


def test_a_second_workload_that_cannot_be_changed_is_told(scene: Scene) -> None:
    """Two images run: the verdict says which workload has which, and is a failure, not an unknown."""
    scene.api.fail(403, method="PATCH", path="worker-app", after=1)
    done = scene.applied(SECOND)
    assert (done.outcome, done.reason, done.changed) == ("failed", "half-changed", True)
    assert "main-app/main-app changed, worker-app/worker not" in done.evidence[0].message


def test_a_server_in_trouble_between_two_workloads_is_waited_for(scene: Scene) -> None:
    """Its restart, or too much to do, is no reason to stop with two images running."""
    scene.api.fail(503, method="PATCH", path="worker-app", after=1, times=2)
    scene.api.fail(429, method="GET", path="deployments/worker-app", headers={"Retry-After": "1"})
    done = scene.applied(SECOND)
    assert (done.outcome, done.reason, done.changed) == ("succeeded", "complete", True)


def test_a_ledger_that_cannot_be_closed_hides_no_verdict(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rollout succeeded: that is what is said, and that nobody wrote it down."""
    monkeypatch.setattr("promokit.ledger.contention._PAUSES", ())
    said: list[str] = []

    def break_ledger(text: str) -> None:
        said.append(text)
        if "progressing" in text:
            scene.api.fail(403, method="PUT", path="configmaps", times=50)

    done = scene.applied(SECOND, progress=break_ledger)
    assert (done.outcome, done.changed, done.head) == ("succeeded", True, "")
    assert any("THE LEDGER CAN'T BE WRITTEN" in each for each in said)


def test_an_older_image_is_nothing_to_do_where_only_newer_is_wanted(scene: Scene) -> None:
    """A build that was overtaken ends well, without a change."""
    for tag in ("2026.11.24.0001", "2026.11.24.0002"):
        scene.registry.tags[tag] = scene.registry.tags[SECOND if tag.endswith("2") else FIRST]
    scene.applied("2026.11.24.0002")
    before = scene.state()
    made = scene.planned("2026.11.24.0001", only_newer=True)
    assert (made.nothing, made.allowed) == ("already-newer", True)
    done = apply(made, clients=scene.clients, wait=0)
    assert (done.outcome, done.reason, done.changed) == ("succeeded", "already-newer", False)
    assert scene.state() == before


def test_a_tag_that_can_move_is_refused_by_origin(scene: Scene) -> None:
    """`latest` is no version."""
    made = scene.planned("latest")
    assert (made.exit_code, made.answers[0].gate) == (3, "origin")


@pytest.mark.parametrize("tag", [None, "4" * 40])
def test_a_tag_that_is_missing_is_wrong_use(scene: Scene, tag: str | None) -> None:
    """None was given, or none of that name is in the registry."""
    with pytest.raises(ConfigError):
        scene.planned(tag)  # type: ignore[arg-type]


def test_an_operation_that_was_cut_off_is_closed_by_the_next(scene: Scene) -> None:
    """Its run is gone; whoever holds the lease now says so."""
    scene.applied(SECOND)
    opened = {key: value for key, value in scene.book().lines[0].items() if key not in {"hash", "before", "op"}}
    append(scene.api.namespace(), lambda book: [{**opened, "op": "cut-off", "plan": "another"}])
    scene.applied(FIRST)
    closed = next(each for each in scene.book().lines if each["op"] == "cut-off" and each["line"] == "closed")
    assert (closed["outcome"], closed["reason"]) == ("inconclusive", "interrupted")

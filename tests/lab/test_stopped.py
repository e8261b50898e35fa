"""Promotions and rollbacks that are cancelled as GitHub does it, or frozen while another takes over."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from promokit.ledger.chain import verify
from promokit.ledger.lease import take
from promokit.ledger.lines import Line
from tests.doubles.control import control
from tests.lab.doubles.github import GitHubDouble
from tests.lab.held import Held
from tests.lab.stand import Stand, World
from tests.lab.stories import Stories, Story, long

pytestmark = pytest.mark.lab
OLDEST, BEFORE, NEW = 0, 1, 2
SEEDED = 2 * (BEFORE + 1)
"""Lines that are in the ledger at first."""
LEDGER, IMAGES, SECOND_IMAGE, LAST_LINE = 2, 6, 7, 9
"""Numbers of writes: the opened line, the first image, the second one, the closed line."""


def cancelled(process: subprocess.Popen[str], first: int = signal.SIGINT) -> tuple[str, int]:
    """Cancel a process as GitHub does: SIGINT, after 7.5 s SIGTERM, after another 2.5 s SIGKILL."""
    for number, seconds in ((first, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, 60)):
        process.send_signal(number)
        try:
            told, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            continue
        return told, process.returncode
    raise AssertionError("a killed process doesn't end")


def until(process: subprocess.Popen[str], words: str) -> None:
    """Read what a process says until it says these words."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if words in line:
            return
    raise AssertionError(f"it never said {words}: {''.join(said)}")


def lines(stand: Stand) -> list[Line]:
    """What was written into the ledger since; the chain holds."""
    book = stand.book()
    assert verify(book.lines) is None
    return list(book.lines[SEEDED:])


def closed_as_cancelled(stand: Stand, what: str = "SIGINT") -> dict[str, Any]:
    """The closed line of the one operation."""
    found = [each for each in lines(stand) if each["line"] != "noted"]
    assert [each["line"] for each in found] == ["opened", "closed"]
    closed = dict(found[-1])
    assert (closed["outcome"], closed["reason"], closed["why"]) == ("inconclusive", "cancelled", f"stopped by {what}")
    assert stand.holder() == ""
    return closed


def converges(stand: Stand) -> None:
    """The next run brings it to its end, and does nothing twice."""
    told, _ = (process := stand.promote()).communicate(timeout=120)
    assert process.returncode == 0, told
    assert stand.images() == stand.running(NEW)
    assert set(stand.templates().values()) == {2}
    assert [each["status"].get("succeeded") for each in stand.jobs()] == [1]
    last = lines(stand)[-1]
    assert (last["outcome"], last["migration"]) == ("succeeded", "succeeded")


@contextmanager
def held_at(
    there: World, name: str, number: int, start: Callable[..., subprocess.Popen[str]] = Stand.promote
) -> Iterator[tuple[Stand, subprocess.Popen[str], Held]]:
    """A promotion, or what `start` starts, held while its write of this number is on the way."""
    held = Held(number)
    with there.stand(name, runs=BEFORE) as stand, stand.proxied(held.writes) as environ:
        process = start(stand, environ=environ)
        held.wait()
        yield stand, process, held


def waiting_for_the_lease(there: World) -> None:
    with there.stand("waiting", runs=BEFORE) as stand, take(stand.namespace(), "bob@laptop (process 1)"):
        told, _ = (at_once := stand.start("promote", "target", "--yes", "--no-wait")).communicate(timeout=60)
        assert (at_once.returncode, "under way: bob@laptop (process 1)" in told) == (3, True), told
        process = stand.promote()
        until(process, "waiting for bob@laptop (process 1)")
        told, code = cancelled(process)
        assert (code, "stopped by SIGINT" in told, lines(stand)) == (130, True, [])
        assert stand.holder() == "bob@laptop (process 1)"


def waiting_for_ci(there: World) -> None:
    with there.stand("ci", runs=BEFORE) as stand, GitHubDouble(origin=there.origin) as github:
        run = {"id": 9, "number": 9, "workflow": "ci.yaml", "event": "push", "branch": "master"}
        control(github, "POST", "runs", {**run, "sha": there.releases[NEW].revision})
        process = stand.promote(environ={**stand.environ(), **github.environ()})
        stand.place.wait("GitHub is asked", lambda: bool(github.calls))
        _, code = cancelled(process)
        assert (code, lines(stand), stand.holder()) == (130, [], "")


def github_that_does_not_answer(there: World) -> None:
    with there.stand("slow", runs=BEFORE) as stand, GitHubDouble(origin=there.origin) as github:
        control(github, "POST", "fail", {"path": "/", "delay": 20})
        process = stand.promote(environ={**stand.environ(), **github.environ()})
        stand.place.wait("GitHub is asked", lambda: bool(github.calls))
        _, code = cancelled(process)
        assert (code, lines(stand), stand.holder()) == (130, [], "")


def opening_the_ledger(there: World) -> None:
    with held_at(there, "opening", LEDGER) as (stand, process, held):
        told, code = cancelled(process)
        held.let_go()  # it comes too late
        closed = closed_as_cancelled(stand)
        assert (code, set(closed["workloads"].values())) == (130, {"is still set to 2026.11.22.0001"})
        assert "main-app/main-app is still set to 2026.11.22.0001" in told
        converges(stand)


def between_the_patches(there: World) -> None:
    with held_at(there, "patches", SECOND_IMAGE) as (stand, process, held):
        told, code = cancelled(process)
        held.lose()
        closed = closed_as_cancelled(stand)
        assert code == 130
        assert closed["workloads"]["main-app/main-app"].startswith("is set to 2026.11.23.0001")
        assert closed["workloads"]["worker-app/worker"] == "is still set to 2026.11.22.0001"
        assert "worker-app/worker is still set to 2026.11.22.0001" in told
        converges(stand)


def following(there: World) -> None:
    with there.stand("following", runs=BEFORE, args="-ready-after=4s") as stand:
        process = stand.promote()
        until(process, "progressing")
        told, code = cancelled(process)
        closed = closed_as_cancelled(stand)
        assert (code, set(closed["workloads"])) == (130, {"main-app/main-app", "worker-app/worker"})
        assert all("is set to 2026.11.23.0001" in each for each in closed["workloads"].values())
        assert all(f"{name} {sentence}" in told for name, sentence in closed["workloads"].items())
        converges(stand)


@long
def migrating(there: World) -> None:
    with there.stand("migrating", runs=BEFORE, job="-exit-after=6s") as stand:
        process = stand.promote()
        until(process, "actor: starting")
        _, code = cancelled(process)
        closed = closed_as_cancelled(stand)
        assert (code, list(closed["jobs"].values())) == (130, ["progressing"])
        converges(stand)


def closing(there: World) -> None:
    with held_at(there, "closing", LAST_LINE) as (stand, process, held):
        process.send_signal(signal.SIGINT)
        _, code = cancelled(process)
        held.let_go()
        begun, ended = lines(stand)
        assert (code, ended["op"], ended["outcome"]) == (130, begun["op"], "succeeded")
        assert (ended["migration"], stand.holder()) == ("succeeded", "")


def rolling_back(there: World) -> None:
    with held_at(there, "back", SECOND_IMAGE, Stand.rollback) as (stand, process, held):
        _, code = cancelled(process, signal.SIGTERM)
        held.lose()
        closed = closed_as_cancelled(stand, "SIGTERM")
        assert (code, closed["workloads"]["worker-app/worker"]) == (143, "is still set to 2026.11.22.0001")
        again = stand.rollback()
        told, _ = again.communicate(timeout=120)
        assert (again.returncode, stand.images()) == (0, stand.running(OLDEST)), told
        assert set(stand.templates().values()) == {2}


def frozen(there: World, name: str, *ways: tuple[str, ...], ends: int, templates: int = 2) -> None:
    """A promotion is frozen while its first image is on the way; rollbacks are done; it goes on."""
    with held_at(there, name, IMAGES) as (stand, promotion, held):
        promotion.send_signal(signal.SIGSTOP)
        for way in ways:
            told, _ = (rollback := stand.rollback(*way)).communicate(timeout=120)
            assert rollback.returncode == 0, told
        held.let_go()
        promotion.send_signal(signal.SIGCONT)
        told, _ = promotion.communicate(timeout=60)
        assert (promotion.returncode, "superseded" in told) == (5, True), told
        assert stand.images() == stand.running(ends)
        assert (set(stand.templates().values()), stand.jobs()) == ({templates}, [])
        ended = [each for each in lines(stand) if each["line"] == "closed"]
        assert [each["reason"] for each in ended] == ["superseded", *["complete"] * len(ways)]


def frozen_while_it_went_back(there: World) -> None:
    frozen(there, "frozen", ("--to", "2026.11.21.0001"), ends=OLDEST)


def frozen_while_it_was_stopped(there: World) -> None:
    """No workload has its image yet: what runs is the way back from it."""
    frozen(there, "frozen-stopped", (), ends=BEFORE, templates=1)


def frozen_while_it_went_back_and_forth(there: World) -> None:
    frozen(there, "there-and-back", ("--to", "2026.11.21.0001"), ("--to", "2026.11.22.0001"), ends=BEFORE)


CANCELLED: tuple[Story, ...] = (
    migrating,
    following,
    opening_the_ledger,
    between_the_patches,
    closing,
    rolling_back,
    waiting_for_the_lease,
    waiting_for_ci,
    github_that_does_not_answer,
)
FROZEN: tuple[Story, ...] = (
    frozen_while_it_went_back_and_forth,
    frozen_while_it_went_back,
    frozen_while_it_was_stopped,
)


def story_of(item: pytest.Item) -> Story:
    """The one that the test has as its parameter."""
    told: Story = item.callspec.params["story"]  # type: ignore[attr-defined]
    return told


@pytest.mark.parametrize("story", CANCELLED, ids=lambda story: story.__name__)
def test_a_cancelled_command_says_what_is_true_and_the_next_one_finishes_it(
    story: Story, stories: Stories, request: pytest.FixtureRequest
) -> None:
    """Cancelled at this moment it ends by the first signal, closed in the ledger with how the workloads stand."""
    stories.hear(request)


@pytest.mark.parametrize("story", FROZEN, ids=lambda story: story.__name__)
def test_a_promotion_that_was_frozen_changes_nothing_once_another_took_over(
    story: Story, stories: Stories, request: pytest.FixtureRequest
) -> None:
    """It is told that it is superseded, also where the image is again the one that it expects."""
    stories.hear(request)

"""A promotion and a rollback that are killed, or hear no answer, at each of their writes: what comes next converges."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from promokit.ledger.chain import verify
from promokit.ledger.lines import Line
from tests.lab.stand import Stand, World
from tests.lab.stories import Stories, Story, long
from tests.lab.writes import Writes

pytestmark = pytest.mark.lab
BEFORE, NEW = 1, 2
"""Releases: what runs at first, and what the source runs. A rollback goes to the one before."""
_BEGUN = (
    "POST leases",
    "PUT configmaps/promokit-ledger",
    "POST configmaps",
    "PATCH deployments/main-app",
    "PATCH deployments/worker-app",
    "PATCH deployments/main-app",
    "PATCH deployments/worker-app",
)
_ENDED = ("PUT configmaps/promokit-ledger", "PUT leases/promokit")
WRITES = {"promote": (*_BEGUN, "POST jobs", *_ENDED), "rollback": (*_BEGUN, *_ENDED)}
"""Each step of an operation that changes the cluster, in order: lease, ledger, the list of what may run, epochs, images
(and the migration), ledger, lease. A rollback's hold is in the write that opens it."""
OPENED = 2
CLOSED = {what: len(steps) - 1 for what, steps in WRITES.items()}
WALK = [(what, number) for what, steps in WRITES.items() for number in range(1, len(steps) + 1)]
UNHEARD = [("promote", number) for number in range(1, len(WRITES["promote"]) + 1)] + [("rollback", OPENED)]
"""Where an answer is lost: a rollback's steps are the same but for the hold."""
SET = [("promote", number) for number in (len(_BEGUN), len(_BEGUN) + 1)]
"""Where all images are set, and what is left is the end."""
WAITS = ("promote", 6)
"""Where the crashed holder's lease is waited for; elsewhere the test writes that it has run out."""


@pytest.mark.parametrize(("what", "number"), WALK)
def test_killed_after_a_step_the_next_run_converges(
    what: str, number: int, stories: Stories, request: pytest.FixtureRequest
) -> None:
    """Nothing is done twice, the chain holds, and the one that was killed is closed as interrupted."""
    stories.hear(request)


@pytest.mark.parametrize(("what", "number"), UNHEARD)
def test_a_step_whose_answer_is_lost_is_made_once(
    what: str, number: int, stories: Stories, request: pytest.FixtureRequest
) -> None:
    """The connection breaks off after the API server has taken the write: the operation goes on."""
    stories.hear(request)


@pytest.mark.parametrize("what", WRITES)
def test_these_are_all_steps(what: str, stories: Stories, request: pytest.FixtureRequest) -> None:
    """Undisturbed, an operation writes just what the walks count."""
    stories.hear(request)


def story_of(item: pytest.Item) -> Story:
    """The walk that a test asks for, to its step."""
    asked: dict[str, Any] = item.callspec.params  # type: ignore[attr-defined]
    walk: dict[str, Callable[..., None]] = {"test_killed": _killed, "test_a_step": _unheard, "test_these": _whole}
    story = next(partial(each, **asked) for name, each in walk.items() if item.name.startswith(name))
    return long(story) if tuple(asked.values()) == WAITS and story.func is _killed else story


def _killed(there: World, what: str, number: int) -> None:
    with there.stand(f"killed-{what}-{number}", runs=BEFORE) as stand:
        writes = Writes()
        with stand.proxied(writes) as environ:
            victim = stand.start(what, "target", "--yes", environ=environ)

            def kill(seen: int, step: str) -> bool:
                if seen == number:
                    victim.kill()
                return seen < number

            writes.after = kill
            victim.communicate(timeout=120)
        assert (victim.returncode, tuple(writes.seen)) == (-signal.SIGKILL, WRITES[what][:number])
        if (what, number) != WAITS:
            stand.forget_holder()
        if (what, number) in SET:
            stand.wait_until_old_pods_are_gone()
        told, code = _run(stand, what)
        assert code == (0 if number < CLOSED[what] else 3), told
        begun = number >= OPENED
        _check(
            stand, what, interrupted=begun and number < CLOSED[what], operations=1 + (begun and number < CLOSED[what])
        )
        _check_told(stand, what, number)


def _unheard(there: World, what: str, number: int) -> None:
    with there.stand(f"unheard-{what}-{number}", runs=BEFORE) as stand:
        with stand.proxied(Writes(after=lambda seen, step: seen != number)) as environ:
            told, code = _run(stand, what, environ)
        assert code == 0, told
        _check(stand, what)


def _whole(there: World, what: str) -> None:
    with there.stand(f"whole-{what}", runs=BEFORE) as stand:
        writes = Writes()
        with stand.proxied(writes) as environ:
            told, code = _run(stand, what, environ)
        assert (code, tuple(writes.seen)) == (0, WRITES[what]), told
        _check(stand, what)


def _run(stand: Stand, what: str, environ: dict[str, str] | None = None) -> tuple[str, int]:
    process = stand.start(what, "target", "--yes", environ=environ)
    told, _ = process.communicate(timeout=300)
    return told, process.returncode


def _check(stand: Stand, what: str, *, interrupted: bool = False, operations: int = 1) -> None:
    """All workloads are set to the image, once; its migration ran once; each operation has two lines; nobody holds."""
    target = NEW if what == "promote" else BEFORE - 1
    assert stand.images() == stand.running(target)
    assert set(stand.templates().values()) == {2}
    jobs = stand.jobs()
    assert [each["status"].get("succeeded") for each in jobs] == [1] * (what == "promote")
    book = stand.book()
    lines = book.lines[2 * (BEFORE + 1) :]
    assert verify(book.lines) is None
    assert _pairs(lines) == [("opened", "closed")] * operations
    reasons = [each["reason"] for each in lines if each["line"] == "closed"]
    assert reasons[:-1] == ["interrupted"] * interrupted
    assert reasons[-1] in {"complete", "already-done"}
    if what == "rollback":
        assert set(book.holds) == {str(stand.world.releases[BEFORE].image.digest)}
    else:
        assert lines[-1]["migration"] == "succeeded"
    assert stand.holder() == ""


def _check_told(stand: Stand, what: str, number: int) -> None:
    """Between the last image and the end the plan says what is left to do, and why it may be done."""
    if (what, number) in SET:
        opened = [each for each in stand.book().lines if each["line"] == "opened"]
        assert "it will be finished" in opened[-1]["gates"]["differs"]


def _pairs(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """The lines of each operation, in their order, holds left out."""
    told: dict[str, list[str]] = {}
    for each in lines:
        if each["line"] != "noted":
            told.setdefault(each["op"], []).append(each["line"])
    return [tuple(each) for each in told.values()]

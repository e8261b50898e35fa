"""Rollbacks on the real node while what stands beside them fails: the ledger, GitHub; and during a freeze."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from promokit.ledger.record import entry
from promokit.ledger.store import NAME
from promokit.ledger.trimming import MOST_BYTES
from tests.lab import roles
from tests.lab.held import Held
from tests.lab.stand import MAIN, Stand, World, succeeded
from tests.lab.stories import Stories, Story

pytestmark = pytest.mark.lab
OLDEST, BEFORE, NEW = 0, 1, 2
OBJECT_BYTES = 1024 * 1024
"""What an object's data may have."""
IMAGES = 6
"""The number of the write that sets the first image."""
NOT_WRITTEN = "THE LEDGER CAN'T BE WRITTEN"
NOWHERE = "http://127.0.0.1:9"


def went_back(stand: Stand, to: int, **how: str) -> str:
    """Roll back, and return what was said."""
    process = stand.rollback(environ={**stand.environ(), **how})
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert (stand.images(), stand.holder()) == (stand.running(to), ""), told
    return told


def taken_in(stand: Stand, told: str) -> None:
    """Whoever may write the ledger types the command that the rollback told: it holds three lines more."""
    before = len(stand.book().lines)
    command = told.partition("takes them in:\n")[2].replace("promokit adopt target", "promokit adopt target --yes")
    script = f'promokit() {{ "$PYTHON" -c "$MAIN" "$@"; }}\n{command}'
    environ = {**stand.environ(), "PYTHON": sys.executable, "MAIN": MAIN}
    done = subprocess.run(
        ["bash", "-c", script], check=False, cwd=stand.folder, env=environ, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    process = stand.start("history", "target", "--verify")
    said, _ = process.communicate(timeout=120)
    assert (process.returncode, f"the chain of {before + 3} lines holds" in said) == (0, True), said


def size(stand: Stand) -> int:
    """Bytes of the ledger's data."""
    data: dict[str, str] = stand.place.api.get(stand.place.path("configmap", NAME))["data"]
    return sum(map(len, data.values()))


def the_ledger_may_not_be_written(there: World) -> None:
    """RBAC denies its update: what is there is the way back all the same."""
    with there.stand("not-written", runs=BEFORE) as stand:
        before = stand.book()
        token = roles.token(stand.place, without=("update", NAME))
        told = went_back(stand, OLDEST, KUBECONFIG=str(stand.kubeconfig("limited", token)))
        assert NOT_WRITTEN in told
        assert stand.book() == before
        taken_in(stand, told)
        assert set(stand.book().holds) == {str(there.releases[BEFORE].image.digest)}


def the_ledger_may_not_be_read(there: World) -> None:
    """RBAC denies it altogether: the revisions tell."""
    with there.stand("not-read", runs=BEFORE) as stand:
        stand.set_images(NEW)
        token = roles.token(stand.place, without=("get", NAME))
        told = went_back(stand, BEFORE, KUBECONFIG=str(stand.kubeconfig("limited", token)))
        assert NOT_WRITTEN in told
        assert "unproven" in told


def the_ledger_is_full(there: World) -> None:
    """So many operations that the oldest are dropped at each write; the way back is carried on of them."""
    with there.stand("full", runs=BEFORE) as stand:
        gates = {f"gate-{number}": "x" * 150 for number in range(28)}
        image = str(there.releases[BEFORE].image)
        stand.write(line for number in range(210) for line in succeeded(f"op-{number}", image, gates=gates))
        assert size(stand) > 0.9 * MOST_BYTES, size(stand)
        told = went_back(stand, OLDEST)
        book = stand.book()
        assert (book.broken(), book.dropped > 0, size(stand) <= MOST_BYTES) == (None, True, True)
        assert set(book.holds) == {image.partition("@")[2]}
        assert NOT_WRITTEN not in told


def the_object_is_full(there: World) -> None:
    """Somebody held a digest with a megabyte of words: the API server takes no more."""
    with there.stand("object-full", runs=BEFORE) as stand:
        hold = entry("noted", "hold", "hold-1", datetime.now(UTC), digest=f"sha256:{'f' * 64}")
        stand.write([{**hold, "reason": "x" * (OBJECT_BYTES - 2500)}])
        before = stand.book()
        told = went_back(stand, OLDEST)
        assert NOT_WRITTEN in told
        assert f"may not be more than {OBJECT_BYTES} bytes" in told
        assert stand.book() == before


def during_a_freeze_without_github(there: World) -> None:
    """No promotion may come in the window, and GitHub doesn't answer."""
    today = datetime.now(UTC).date()
    window = {"dates": f"{today - timedelta(1)} to {today + timedelta(1)}"}
    with there.stand("freeze", runs=BEFORE, freeze=[window]) as stand:
        told, _ = (promotion := stand.promote()).communicate(timeout=120)
        assert promotion.returncode == 3, told
        assert "freeze" in told
        went_back(stand, OLDEST, GITHUB_API_URL=NOWHERE)


def the_ledger_goes_meanwhile(there: World) -> None:
    """It is deleted while the first image is on its way: the rollback and its hold are written into a new one."""
    held = Held(IMAGES)
    with there.stand("deleted", runs=BEFORE) as stand, stand.proxied(held.writes) as environ:
        process = stand.rollback(environ=environ)
        held.wait()
        head = stand.book().head
        stand.place.delete("configmap", NAME)
        held.let_go()
        told, _ = process.communicate(timeout=120)
        assert (process.returncode, stand.images()) == (0, stand.running(OLDEST)), told
        assert f"THE LEDGER LOST LINES MEANWHILE: its head was {head[:12]}" in told
        book = stand.book()
        assert [each["line"] for each in book.lines] == ["opened", "noted", "closed"]
        assert set(book.holds) == {str(there.releases[BEFORE].image.digest)}


STORIES: tuple[Story, ...] = (
    the_ledger_may_not_be_written,
    the_ledger_may_not_be_read,
    the_ledger_is_full,
    the_object_is_full,
    during_a_freeze_without_github,
    the_ledger_goes_meanwhile,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_rollback_needs_neither_a_ledger_nor_leave(
    story: Story, stories: Stories, request: pytest.FixtureRequest
) -> None:
    """It goes back all the same, and says loudly what isn't on record."""
    stories.hear(request)


def story_of(item: pytest.Item) -> Story:
    """The one that the test has as its parameter."""
    told: Story = item.callspec.params["story"]  # type: ignore[attr-defined]
    return told

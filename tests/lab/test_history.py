"""What `promokit history` proves of a real ledger, written by a promotion and a rollback, once somebody changed it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from promokit.ledger.store import NAME
from tests.lab.stand import Stand, World
from tests.lab.stories import Stories, Story

pytestmark = pytest.mark.lab
BEFORE = 1
Texts = list[str]


def test_what_was_changed_in_a_ledger_is_found(stories: Stories, request: pytest.FixtureRequest) -> None:
    """An edited line, a removed one, two swapped: exit 1 and the first broken line; a cut tail by a head alone."""
    stories.hear(request)


def story_of(item: pytest.Item) -> Story:
    """The only one."""
    del item
    return found_by_its_chain


def found_by_its_chain(there: World) -> None:
    with there.stand("history", runs=BEFORE) as stand:
        heads = [head_of(stand.promote()), head_of(stand.rollback("--reason", "it lost money"))]
        lines = texts(stand)
        for head in heads:
            assert verified(stand, "--head", head) == (
                0,
                f"the chain of {len(lines)} lines holds; head {stand.book().head}",
            )
        shown(stand)
        spoiled: tuple[tuple[Callable[[Texts], Texts], str], ...] = (
            (lambda old: [*old[:2], old[2].replace("alice", "mallory"), *old[3:]], "line 3: this line was edited"),
            (lambda old: [*old[:3], *old[4:]], "line 4: the line before it was removed or moved"),
            (lambda old: [*old[:1], old[2], old[1], *old[3:]], "line 2: the line before it was removed or moved"),
            (lambda old: [*old[:-1], "{"], f"line {len(lines)} is not one of ours"),
        )
        for spoil, told in spoiled:
            with changed(stand, spoil(lines)):
                code, said = verified(stand)
                assert (code, told in said) == (1, True), said
        with changed(stand, lines[:-1]):
            assert verified(stand)[0] == 0
            code, said = verified(stand, "--head", heads[1])
            assert (code, said) == (
                1,
                f"line {len(lines)}: the line with the published head {heads[1][:12]}… is missing",
            )
            assert verified(stand, "--head", heads[0])[0] == 0


def shown(stand: Stand) -> None:
    """The newest two operations, a row each, and what is held since."""
    rows = ended(stand.start("history", "target"))[1].splitlines()[-4:-1]
    promotion, rollback, hold = (re.split(" {2,}", row) for row in rows)
    assert (promotion[1:4], rollback[1:4]) == (
        ["promotion", "2026.11.22.0001 → 2026.11.23.0001", "succeeded"],
        ["rollback", "2026.11.23.0001 → 2026.11.22.0001", "succeeded"],
    )
    assert (hold[1:3], hold[-1], rollback[-1]) == (["hold", "2026.11.23.0001"], "it lost money", "it lost money")


def head_of(process: subprocess.Popen[str]) -> str:
    """The ledger's head as a run tells it."""
    code, said = ended(process)
    found = re.search(r"^ledger +(\w+)$", said, re.MULTILINE)
    assert (code, bool(found)) == (0, True), said
    assert found
    return found[1]


def verified(stand: Stand, *words: str) -> tuple[int, str]:
    """What `history --verify` says, and its exit code."""
    return ended(stand.start("history", "target", "--verify", *words))


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code of a process, and what it said."""
    said, _ = process.communicate(timeout=120)
    return process.returncode, said.rstrip("\n")


def texts(stand: Stand) -> Texts:
    """The ledger's lines as they stand in the ConfigMap."""
    return str(stand.place.api.get(stand.place.path("configmap", NAME))["data"]["lines"]).splitlines()


@contextmanager
def changed(stand: Stand, lines: Texts) -> Iterator[None]:
    """Somebody writes other lines, and the old ones again."""
    before = texts(stand)
    write(stand, lines)
    yield
    write(stand, before)


def write(stand: Stand, lines: Texts) -> None:
    """Write the ledger's lines as somebody with kubectl does."""
    stand.place.patch("configmap", NAME, {"data": {"lines": "\n".join(lines)}})

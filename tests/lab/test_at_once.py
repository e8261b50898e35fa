"""Twenty promotions of two digests at once, from twenty processes: one at a time, each on record."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest

from promokit.ledger.chain import verify
from tests.lab.stand import Stand, World
from tests.lab.stories import Stories, Story, long

pytestmark = pytest.mark.lab
PROCESSES = 20
PROGRAM = """
import sys
import promokit
from promokit.errors import Refused
where = promokit.load("alone.yaml")["target"]
for _ in range(400):
    made = promokit.plan(where, tag=sys.argv[1])
    try:
        sys.exit(promokit.apply(made).exit_code)
    except Refused as refused:
        print(refused, file=sys.stderr)
sys.exit("refused again and again")
"""
"""Promotes a tag; a plan that doesn't hold any more, since another promotion came before, is made anew."""


def test_of_twenty_promotions_at_once_one_runs_at_a_time(stories: Stories, request: pytest.FixtureRequest) -> None:
    """The chain holds, each has an opened and a closed line, and the cluster runs what the last one brought."""
    stories.hear(request)


@long
def twenty_at_once(there: World) -> None:
    with there.stand("at-once") as stand:
        tags = [str(each.image.tag) for each in there.releases[:2]]
        processes = [_started(stand, tags[number % 2]) for number in range(PROCESSES)]
        for process in processes:
            told, _ = process.communicate(timeout=300)
            assert process.returncode == 0, told
        book = stand.book()
        lines = book.lines[2:]
        assert verify(book.lines) is None
        assert [each["line"] for each in lines] == ["opened", "closed"] * PROCESSES
        assert all(first["op"] == then["op"] for first, then in list(pairwise(lines))[::2])
        assert {each["outcome"] for each in lines if each["line"] == "closed"} == {"succeeded"}
        assert len({each["holder"] for each in lines if each["line"] == "opened"}) == PROCESSES
        assert set(stand.images().values()) == {lines[-2]["image"]}
        assert stand.holder() == ""


def story_of(item: pytest.Item) -> Story:
    """The only one."""
    del item
    return twenty_at_once


def _started(stand: Stand, tag: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, tag],
        cwd=stand.folder,
        env=stand.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

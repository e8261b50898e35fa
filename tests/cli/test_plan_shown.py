"""A plan as a terminal, a job summary and a program get it."""

import json
from typing import Any

from promokit.cli.plan_shown import plan_ending
from promokit.gates.answer import refused
from promokit.github.runner import MOST_SUMMARY
from promokit.promotion.plan import Commits
from tests.cli.standing import HOSTILE
from tests.cli.test_report import tokens
from tests.factories import image
from tests.promotion.test_plan import FINE, plan

URL = "https://github.com/acme/credreg/compare/a...b"


def lines_of(markdown: str, kind: str) -> list[Any]:
    return [each for each in tokens(markdown) if each.type == kind]


def test_a_summary_has_the_table_and_what_those_who_approve_should_know() -> None:
    """A row a gate; the commits, linked; what runs before, the migration's place, the ledger's head, the plan's end."""
    summary = plan_ending(plan(commits=Commits(("c0ffee a change", "c0ffef another"), 2, 1, URL))).summary
    assert len(lines_of(summary, "tr_open")) == 1 + len(FINE)
    assert f"[2 commits]({URL}):" in summary
    assert len(lines_of(summary, "list_item_open")) == 2 + 3
    for each in ("this goes back", "before&#58; 2026", "migration runs after the rollout", "ledger head 1111", "good"):
        assert each in summary


def test_foreign_text_in_a_plan_is_text_in_every_place() -> None:
    """In a hold's reason, a remedy, a commit's title, an address, an image: no markup, no row or item of its own."""
    stops = (refused("hold", f"held: {HOSTILE}", f"release {HOSTILE}"),)
    told = {"answers": stops, "previous": {HOSTILE: HOSTILE}, "tag": HOSTILE}
    ending = plan_ending(plan(commits=Commits((HOSTILE,), 1, url=HOSTILE), **told))
    for each in tokens(ending.summary):
        inner = [child.type for child in each.children or ()]
        assert not {each.type, *inner} & {"html_block", "html_inline", "link_open", "code_inline", "hr", "fence"}
    assert len(lines_of(ending.summary, "tr_open")) == 2
    assert len(lines_of(ending.summary, "list_item_open")) == 1 + 3
    assert "\x1b" not in ending.text + ending.summary
    assert not [line for line in ending.text.splitlines() if line.lstrip().startswith(("::", "##["))]


def test_a_very_large_plan_stays_below_what_the_runner_takes() -> None:
    """Titles and sentences of any length, commits and workloads of any number: the plan's end is in the summary."""
    stops = (refused("drift", "x" * 2_000_000, "adopt it"),)
    previous = {f"app-{each}/app": str(image("b", f"2026.11.20.{each:04}")) for each in range(300)}
    commits = Commits(("c0ffee " + "<" * 100_000,) * 250, 300, url=URL)
    ending = plan_ending(plan(answers=stops, previous=previous, commits=commits))
    assert len(ending.summary.encode()) < MOST_SUMMARY
    assert "good until" in ending.summary.splitlines()[-1]
    assert "and 50 newer ones" in ending.summary
    assert "before: 290 other images" in ending.text
    assert len(ending.text) < 100_000


def test_the_json_has_every_gates_facts_and_is_whole() -> None:
    """For programs: nothing is cut there."""
    data = json.loads(json.dumps(plan_ending(plan(answers=(refused("drift", "x" * 9000, "adopt"),))).data, default=str))
    (gate,) = data["gates"]
    assert (gate["gate"], gate["answer"], len(gate["why"]), gate["remedy"]) == ("drift", "refused", 9000, "adopt")
    assert data["changed"] is False

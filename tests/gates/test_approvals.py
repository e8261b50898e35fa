from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from promokit.gates import approvals
from promokit.gates.facts import Unknown
from tests.factories import NOW
from tests.gates import making
from tests.gates.making import BOB, BOT, CAROL, facts, review, run

DARK = Unknown("it could not be asked", "ask again")

ROWS: list[tuple[dict[str, Any], str, str]] = [
    ({}, "allowed", "prod-approval by bob, prod by carol"),
    ({"approvals": None}, "unknown", "nobody could approve"),
    ({"approvals": DARK}, "unknown", "could not be asked"),
    ({"approvals": making.approvals(by=run(attempt=2))}, "refused", "attempt 2"),
    ({"approvals": making.approvals(by=run(created_at=NOW - timedelta(hours=24)))}, "allowed", "bob"),
    (
        {"approvals": making.approvals(by=run(created_at=NOW - timedelta(hours=26)))},
        "refused",
        "began",
    ),
    ({"approvals": making.approvals(by=run(branch="fix"))}, "refused", "not of master"),
    ({"approvals": making.approvals(by=run(branch=None))}, "unknown", "this run's branch"),
    ({"approvals": making.approvals(by=run(triggering_actor=None))}, "unknown", "triggering actor"),
    ({"ref": "refs/heads/fix"}, "refused", "refs/heads/fix"),
    ({"ref": None}, "refused", "not of master"),
    (
        {"approvals": making.approvals(review(BOB, "prod-approval", "prod"))},
        "refused",
        "different people",
    ),
    ({"approvals": making.approvals(review(BOB, "prod-approval"))}, "refused", "missing: prod"),
    (
        {"approvals": making.approvals(review(BOB, "prod-approval", "prod"), review(CAROL, "prod-approval"))},
        "allowed",
        "prod-approval by carol, prod by bob",
    ),
    (
        {"approvals": making.approvals(review(making.ALICE, "prod-approval"), review(CAROL, "prod"))},
        "refused",
        "missing: prod-approval",
    ),
    (
        {"approvals": making.approvals(review(BOT, "prod-approval"), review(CAROL, "prod"))},
        "refused",
        "missing: prod-approval",
    ),
    (
        {
            "approvals": making.approvals(
                review(BOB, "prod-approval"), review(CAROL, "prod"), by=run(triggering_actor=CAROL)
            )
        },
        "refused",
        "missing: prod",
    ),
    (
        {
            "approvals": making.approvals(
                review(BOB, "prod-approval"), review(CAROL, "prod"), review(BOT, "prod", state="rejected")
            )
        },
        "refused",
        "rejected",
    ),
    ({"approvals": making.approvals(review(CAROL, "prod", state="pending"))}, "refused", "missing"),
    (
        {"approvals": making.approvals(review(BOB, "prod-approval"), review(evolve(BOB, login="bobby"), "prod"))},
        "refused",
        "different people",
    ),
    (
        {
            "approvals": making.approvals(
                review(evolve(making.ALICE, login="Alice-2"), "prod-approval"), review(CAROL, "prod")
            )
        },
        "refused",
        "missing: prod-approval",
    ),
    (
        {"approvals": making.approvals(settings={"prod": making.settings("prod")})},
        "refused",
        "no environment prod-approval",
    ),
]


@pytest.mark.parametrize(("changes", "word", "told"), ROWS)
def test_the_truth_table_of_the_approvals(changes: dict[str, Any], word: str, told: str) -> None:
    """Each row spoils or varies one fact of a promotion that two people have approved."""
    answer = approvals.judge(facts(**changes))
    assert answer is not None
    assert answer.word == word
    assert told in answer.sentence
    assert (answer.remedy != "") == (word != "allowed")


@pytest.mark.parametrize(
    ("setting", "value", "word"),
    [
        ("required_reviewers", False, "refused"),
        ("reviewers", 0, "refused"),
        ("prevent_self_review", False, "refused"),
        ("prevent_self_review", None, "unknown"),
        ("admins_can_bypass", True, "refused"),
        ("admins_can_bypass", None, "unknown"),
        ("custom_branch_policies", False, "refused"),
        ("custom_branch_policies", None, "unknown"),
    ],
)
def test_each_missing_protection_of_an_environment_stops(setting: str, value: bool | None, word: str) -> None:
    """An approval is worth what the environment's settings make of it; what isn't told is unknown."""
    told = {"prod-approval": making.settings("prod-approval"), "prod": making.settings("prod", **{setting: value})}
    answer = approvals.judge(facts(approvals=making.approvals(settings=told)))
    assert answer is not None
    assert answer.word == word
    assert answer.remedy


@pytest.mark.parametrize("branches", [(), ("*",), ("master", "release/*"), ("main",)])
def test_an_environment_that_is_open_to_other_branches_refuses(branches: tuple[str, ...]) -> None:
    """Exactly the configured branch may deploy there."""
    told = {"prod-approval": ("master",), "prod": branches}
    answer = approvals.judge(facts(approvals=making.approvals(branches=told)))
    assert answer is not None
    assert (answer.word, "restrict" in answer.remedy) == ("refused", True)


def test_before_apply_missing_approvals_are_waited_for() -> None:
    """A plan is made before anybody could approve it: it says so and is judged again."""
    answer = approvals.judge(facts(final=False, approvals=making.approvals(review(BOB, "other"))))
    assert answer is not None
    assert (answer.word, answer.waiting) == ("allowed", True)


def test_a_rejection_refuses_even_before_apply() -> None:
    """What was rejected isn't waited for."""
    answer = approvals.judge(facts(final=False, approvals=making.approvals(review(BOB, "prod", state="rejected"))))
    assert answer is not None
    assert answer.word == "refused"

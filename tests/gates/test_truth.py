from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from promokit.freeze_windows import FreezeWindow
from promokit.gates import approvals, bake, ci, differs, drift, freeze, healthy, hold, origin, platform
from promokit.gates.answer import Answer
from promokit.gates.facts import Facts, Unknown
from promokit.gates.judging import GATES, judge_all
from promokit.model import CiGate, Gates, ImageSettings
from tests.factories import COMMIT, NOW, REPOSITORY, digest, environment, image
from tests.gates import making
from tests.gates.making import (
    BOB,
    BOT,
    CAROL,
    comparison,
    facts,
    held,
    ledger,
    old,
    prod,
    review,
    run,
    standing,
    workload,
)

DARK = Unknown("it could not be asked", "ask again")
OTHER = "d" * 40

Row = tuple[Callable[[Facts], Answer | None], dict[str, Any], str, str]
BRANCHED = environment("prod", source=environment("sandbox"), image=ImageSettings(REPOSITORY, "master", True))
FROZEN = datetime(2026, 11, 28, 12, tzinfo=UTC)  # a Saturday
EARLIER, LAST_WEEK, THIS = FROZEN - timedelta(hours=2), FROZEN - timedelta(days=7), str(digest())
TWICE = prod(
    freeze=(FreezeWindow("Fri 16:00 to Mon 08:00"), FreezeWindow(dates="2026-11-28 11:00 to 2026-12-31 12:00"))
)
TEST = environment("test", gates=Gates(CiGate(("ci.yaml",))))
ROWS: list[Row] = [
    (healthy.judge, {}, "allowed", "run this digest in sandbox"),
    (healthy.judge, {"source": standing("sandbox", migrated=None)}, "allowed", "all Ready"),
    (
        healthy.judge,
        {"source": standing("sandbox", workload(outcome="failed", reason="crash-loop"))},
        "refused",
        "crash-",
    ),
    (healthy.judge, {"source": standing("sandbox", workload(outcome="progressing"))}, "refused", "progressing"),
    (
        healthy.judge,
        {"source": standing("sandbox", workload(digest=None, doubt="two-digests", remedy="wait"))},
        "refused",
        "two-d",
    ),
    (
        healthy.judge,
        {"source": standing("sandbox", workload(), old("worker-app/worker"))},
        "refused",
        "worker-app/worker",
    ),
    (healthy.judge, {"source": standing("sandbox", migrated=False)}, "refused", "migration"),
    (healthy.judge, {"source": DARK}, "unknown", "could not be asked"),
    (differs.judge, {}, "allowed", "prod runs app:2026.11.20.0001"),
    (differs.judge, {"target": standing("prod", workload(), old("worker-app/worker"))}, "allowed", "will follow"),
    (differs.judge, {"target": standing("prod", migrated=False)}, "allowed", "will be finished"),
    (differs.judge, {"target": standing("prod")}, "refused", "runs this digest already"),
    (differs.judge, {"target": standing("prod", migrated=None)}, "refused", "runs this digest already"),
    (differs.judge, {"target": DARK}, "unknown", "could not be asked"),
    (bake.judge, {}, "allowed", "30h00m of 24h00m"),
    (bake.judge, {"source": standing("sandbox", workload(since=NOW - timedelta(hours=24)))}, "allowed", "24h00m of"),
    (bake.judge, {"source": standing("sandbox", workload(since=NOW - timedelta(hours=23)))}, "refused", "23h00m of"),
    (bake.judge, {"source": standing("sandbox", workload(), workload("w/w", since=NOW))}, "refused", "0.0s of"),
    (bake.judge, {"source": standing("sandbox", workload(), workload("w/w", since=None))}, "refused", "can't be shown"),
    (bake.judge, {"source": standing("sandbox", workload(begun="x restarted"))}, "allowed", "since x restarted (main-"),
    (bake.judge, {"source": standing("sandbox", old())}, "refused", "doesn't run this digest healthy"),
    (bake.judge, {"source": standing("sandbox", workload(outcome="failed"))}, "refused", "doesn't run this digest"),
    (bake.judge, {"source": DARK}, "unknown", "could not be asked"),
    (ci.judge, {}, "allowed", "ci.yaml succeeded"),
    (ci.judge, {"ci": {"ci.yaml": ()}}, "refused", "no run"),
    (ci.judge, {"ci": {"ci.yaml": (run(id=7),)}}, "refused", "no run"),
    (
        ci.judge,
        {"ci": {"ci.yaml": (run(id=3, status="in_progress", conclusion=None),)}},
        "refused",
        "still in_progress",
    ),
    (ci.judge, {"ci": {"ci.yaml": (run(id=3, conclusion="skipped"),)}}, "refused", "ended with skipped"),
    (ci.judge, {"ci": {"ci.yaml": (run(id=3, conclusion="something new"),)}}, "refused", "ended with something new"),
    (ci.judge, {"ci": {"ci.yaml": (run(id=3, conclusion=None),)}}, "unknown", "doesn't tell how ci.yaml ended"),
    (ci.judge, {"ci": {"ci.yaml": (run(id=3, sha=OTHER),)}}, "refused", "no run"),
    (ci.judge, {"ci": {"ci.yaml": (run(id=3, event="pull_request"),)}}, "refused", "no run"),
    (ci.judge, {"ci": {"ci.yaml": (run(id=3, branch="fix"),)}}, "refused", "on master"),
    (ci.judge, {"ci": {"ci.yaml": (run(id=3, branch="fix"),)}, "environment": TEST}, "allowed", "succeeded"),
    (ci.judge, {"ci": {"ci.yaml": (run(id=3), run(id=7, number=99, status="queued"))}}, "allowed", "succeeded"),
    (ci.judge, {"ci": {"ci.yaml": (run(id=3), run(id=4, number=13, conclusion="failure"))}}, "refused", "failure"),
    (ci.judge, {"ci": {"ci.yaml": (run(id=3, conclusion="failure"), run(id=4, number=13))}}, "allowed", "succeeded"),
    (ci.judge, {"ci": {"ci.yaml": (run(id=3), run(id=3, attempt=2, conclusion="failure"))}}, "refused", "failure"),
    (ci.judge, {"ci": {"ci.yaml": DARK}}, "unknown", "could not be asked"),
    (ci.judge, {"ci": {"a.yaml": DARK, "b.yaml": ()}}, "refused", "b.yaml has no run"),
    (origin.judge, {}, "allowed", "is on master"),
    (origin.judge, {"comparison": comparison("identical")}, "allowed", "is on master"),
    (origin.judge, {"comparison": comparison("ahead")}, "refused", "not on master"),
    (origin.judge, {"comparison": comparison("diverged")}, "refused", "not on master"),
    (origin.judge, {"comparison": comparison("something new")}, "refused", "not on master"),
    (origin.judge, {"comparison": DARK}, "unknown", "could not be asked"),
    (origin.judge, {"comparison": None}, "unknown", "wasn't asked"),
    (origin.judge, {"image": image().with_(tag="x").parse(f"ghcr.io/else:1@{digest()}")}, "refused", "isn't allowed"),
    (origin.judge, {"immutable": False}, "refused", "can be moved"),
    (origin.judge, {"immutable": None}, "unknown", "doesn't tell"),
    (origin.judge, {"immutable": DARK}, "unknown", "could not be asked"),
    (origin.judge, {"immutable": False, "environment": BRANCHED}, "allowed", "is on master"),
    (origin.judge, {"label": None}, "allowed", "is on master"),
    (origin.judge, {"label": OTHER}, "refused", "dddddddddd"),
    (origin.judge, {"label": DARK}, "unknown", "could not be asked"),
    (origin.judge, {"revision": ""}, "refused", "isn't known"),
    (origin.judge, {"ref": "refs/heads/fix"}, "refused", "refs/heads/fix"),
    (origin.judge, {"ref": "refs/tags/master"}, "refused", "refs/tags/master"),
    (origin.judge, {"ref": None}, "allowed", "is on master"),
    (platform.judge, {}, "allowed", "has linux/amd64, linux/arm64"),
    (platform.judge, {"platforms": ("linux/arm64", "linux/amd64", "linux/s390x")}, "allowed", "which the nodes are"),
    (platform.judge, {"nodes": ("linux/arm",), "platforms": ("linux/arm/v7",)}, "allowed", "linux/arm"),
    (platform.judge, {"platforms": ("linux/amd64",)}, "refused", "lacks linux/arm64"),
    (platform.judge, {"nodes": ("windows/amd64",)}, "refused", "lacks windows/amd64"),
    (platform.judge, {"nodes": ()}, "allowed", "no node yet"),
    (platform.judge, {"nodes": None}, "allowed", "not judged"),
    (platform.judge, {"nodes": DARK}, "unknown", "could not be asked"),
    (platform.judge, {"platforms": DARK}, "unknown", "could not be asked"),
    (platform.judge, {"platforms": ()}, "unknown", "doesn't tell"),
    (drift.judge, {}, "allowed", "prod runs what its ledger says"),
    (drift.judge, {"recorded": {}}, "allowed", "doesn't tell yet"),
    (drift.judge, {"recorded": ledger("c", "b")}, "allowed", "runs what its ledger says"),
    (drift.judge, {"recorded": {"another/app": ("x",)}}, "allowed", "runs what its ledger says"),
    (drift.judge, {"recorded": ledger("c")}, "refused", "changed by hand: main-app/main-app is set to"),
    (drift.judge, {"target": standing("prod", old(), workload("worker-app/worker"))}, "refused", "hand: worker-app/w"),
    (drift.judge, {"target": standing("prod", old(image=f"{REPOSITORY}:x@{digest('b')}"))}, "allowed", "runs what"),
    (drift.judge, {"target": standing("prod", old(image=f"{REPOSITORY}:2026.11.20.0001"))}, "refused", "by hand"),
    (drift.judge, {"target": standing("prod", old(image=""))}, "refused", "is set to nothing"),
    (drift.judge, {"target": DARK}, "unknown", "could not be asked"),
    (drift.judge, {"recorded": DARK}, "unknown", "could not be asked"),
    (hold.judge, {}, "allowed", "not held"),
    (hold.judge, {"holds": held(digest("b"))}, "allowed", "not held"),
    (hold.judge, {"holds": held(digest())}, "refused", "it lost money"),
    (hold.judge, {"holds": DARK}, "unknown", "could not be asked"),
    (freeze.judge, {}, "allowed", "in none of its windows"),
    (freeze.judge, {"now": FROZEN}, "refused", "frozen until 2026-11-30 08:00 UTC (Fri 16:00 to Mon 08:00 UTC)"),
    (freeze.judge, {"now": FROZEN, "overrides": {THIS: FROZEN}}, "allowed", "overridden for this digest"),
    (freeze.judge, {"now": FROZEN, "overrides": {str(digest("b")): FROZEN}}, "refused", "frozen until"),
    (
        freeze.judge,
        {"now": FROZEN, "overrides": {THIS: LAST_WEEK}},
        "refused",
        "frozen until",
    ),
    (
        freeze.judge,
        {"now": FROZEN, "overrides": {THIS: EARLIER}, "environment": TWICE},
        "refused",
        "2026-12-31",
    ),
    (
        freeze.judge,
        {"now": FROZEN, "overrides": {THIS: FROZEN}, "environment": TWICE},
        "allowed",
        "overridden",
    ),
    (freeze.judge, {"overrides": DARK}, "unknown", "could not be asked"),
    (approvals.judge, {}, "allowed", "prod-approval by bob, prod by carol"),
    (approvals.judge, {"approvals": None}, "unknown", "nobody could approve"),
    (approvals.judge, {"approvals": DARK}, "unknown", "could not be asked"),
    (approvals.judge, {"approvals": making.approvals(by=run(attempt=2))}, "refused", "attempt 2"),
    (approvals.judge, {"approvals": making.approvals(by=run(created_at=NOW - timedelta(hours=24)))}, "allowed", "bob"),
    (
        approvals.judge,
        {"approvals": making.approvals(by=run(created_at=NOW - timedelta(hours=26)))},
        "refused",
        "began",
    ),
    (approvals.judge, {"approvals": making.approvals(by=run(branch="fix"))}, "refused", "not of master"),
    (approvals.judge, {"approvals": making.approvals(by=run(branch=None))}, "unknown", "this run's branch"),
    (approvals.judge, {"approvals": making.approvals(by=run(triggering_actor=None))}, "unknown", "triggering actor"),
    (approvals.judge, {"ref": "refs/heads/fix"}, "refused", "refs/heads/fix"),
    (approvals.judge, {"ref": None}, "refused", "not of master"),
    (
        approvals.judge,
        {"approvals": making.approvals(review(BOB, "prod-approval", "prod"))},
        "refused",
        "different people",
    ),
    (approvals.judge, {"approvals": making.approvals(review(BOB, "prod-approval"))}, "refused", "missing: prod"),
    (
        approvals.judge,
        {"approvals": making.approvals(review(BOB, "prod-approval", "prod"), review(CAROL, "prod-approval"))},
        "allowed",
        "prod-approval by carol, prod by bob",
    ),
    (
        approvals.judge,
        {"approvals": making.approvals(review(making.ALICE, "prod-approval"), review(CAROL, "prod"))},
        "refused",
        "missing: prod-approval",
    ),
    (
        approvals.judge,
        {"approvals": making.approvals(review(BOT, "prod-approval"), review(CAROL, "prod"))},
        "refused",
        "missing: prod-approval",
    ),
    (
        approvals.judge,
        {
            "approvals": making.approvals(
                review(BOB, "prod-approval"), review(CAROL, "prod"), by=run(triggering_actor=CAROL)
            )
        },
        "refused",
        "missing: prod",
    ),
    (
        approvals.judge,
        {
            "approvals": making.approvals(
                review(BOB, "prod-approval"), review(CAROL, "prod"), review(BOT, "prod", state="rejected")
            )
        },
        "refused",
        "rejected",
    ),
    (approvals.judge, {"approvals": making.approvals(review(CAROL, "prod", state="pending"))}, "refused", "missing"),
    (
        approvals.judge,
        {"approvals": making.approvals(review(BOB, "prod-approval"), review(evolve(BOB, login="bobby"), "prod"))},
        "refused",
        "different people",
    ),
    (
        approvals.judge,
        {
            "approvals": making.approvals(
                review(evolve(making.ALICE, login="Alice-2"), "prod-approval"), review(CAROL, "prod")
            )
        },
        "refused",
        "missing: prod-approval",
    ),
    (
        approvals.judge,
        {"approvals": making.approvals(settings={"prod": making.settings("prod")})},
        "refused",
        "no environment prod-approval",
    ),
]


@pytest.mark.parametrize(("judge", "changes", "word", "told"), ROWS)
def test_the_truth_table_of_the_gates(
    judge: Callable[[Facts], Answer | None], changes: dict[str, Any], word: str, told: str
) -> None:
    """Each row spoils or varies one fact of a promotion that every gate allows."""
    answer = judge(facts(**changes))
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


def test_an_environment_without_a_source_takes_any_allowed_image() -> None:
    """TEST also runs feature builds from a repository that its configuration allows."""
    branches = f"{REPOSITORY}-branches"
    test = environment("test", also_from=(branches,))
    feature = image().parse(f"{branches}:{COMMIT}@{digest()}")
    answers = judge_all(facts(environment=test, image=feature, source=None, ref="refs/heads/fix"))
    assert [(each.gate, each.word) for each in answers] == [
        ("origin", "allowed"),
        ("platform", "allowed"),
        ("drift", "allowed"),
        ("hold", "allowed"),
    ]


def test_all_gates_are_judged_whatever_the_first_says() -> None:
    """A person sees everything that stands in the way at once, in one order."""
    answers = judge_all(facts(source=DARK, comparison=comparison("ahead"), holds=held(digest())))
    assert [each.gate for each in answers] == [gate.NAME for gate in GATES]
    assert [each.word for each in answers].count("refused") == 2


def test_gates_that_are_not_asked_for_are_silent() -> None:
    """ci, bake, freeze and approvals exist only where they are configured."""
    plain = prod(ci=None, approvals=None, bake=None, freeze=())
    asked = [each.gate for each in judge_all(facts(environment=plain))]
    assert asked == [gate.NAME for gate in GATES if gate.NAME not in {"ci", "bake", "freeze", "approvals"}]

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from promokit.freeze_windows import FreezeWindow
from promokit.gates import bake, ci, differs, drift, freeze, healthy, hold, origin, platform
from promokit.gates.answer import Answer
from promokit.gates.facts import Facts, Unknown
from promokit.gates.judging import GATES, judge_all
from promokit.model import CiGate, Gates, ImageSettings
from tests.factories import COMMIT, NOW, REPOSITORY, digest, environment, image
from tests.gates.making import (
    comparison,
    facts,
    held,
    ledger,
    old,
    prod,
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
    (differs.judge, {"target": standing("prod", unsettled=str(digest()))}, "allowed", "doesn't say that it succeeded"),
    (differs.judge, {"target": standing("prod", unsettled=str(digest("b")))}, "refused", "runs this digest already"),
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
    (origin.judge, {}, "allowed", "is on master, its tags are immutable"),
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
    (origin.judge, {"immutable": False, "environment": BRANCHED}, "allowed", "moved isn't asked"),
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


@pytest.mark.parametrize(
    ("recorded", "way"),
    [
        (ledger("c"), "promokit rollback prod --to 2026.11.20.0001, or"),
        (ledger("c", "d"), "promokit rollback prod, or"),
    ],
)
def test_the_way_back_from_a_drift_can_be_typed(recorded: dict[str, tuple[str, ...]], way: str) -> None:
    """Without its tag a rollback refuses to guess whether what was set by hand is newer or older."""
    answer = drift.judge(facts(recorded=recorded))
    assert answer is not None
    assert way in answer.remedy

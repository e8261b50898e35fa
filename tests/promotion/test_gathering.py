from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from promokit.model import CiGate
from promokit.promotion.apply import apply
from promokit.promotion.planning import plan
from tests.factories import NOW
from tests.github.documents import commit, comparison, run
from tests.promotion.github_side import OUR_RUN
from tests.promotion.journey import PROD, REVISION, RUNS, SANDBOX, Promotion, Serve
from tests.promotion.scene import FIRST, Scene

LISTED = {"deployments", "replicasets", "pods", "jobs", "nodes"}


def ci_run(**changes: Any) -> dict[str, Any]:
    return {"workflow_runs": [run(head_sha=REVISION, **changes)]}


def test_a_promotion_that_every_gate_allows_is_planned_and_applied(scene: Scene, serve: Serve) -> None:
    """Two clusters, a registry and GitHub say what is needed, and PROD runs the release."""
    promotion = Promotion(scene, serve)
    made = plan(promotion.prod, clients=promotion.clients)
    assert {each.gate: each.word for each in made.answers if each.word != "allowed"} == {}
    assert apply(made, clients=promotion.clients, wait=0).outcome == "succeeded"


@pytest.mark.parametrize("migrating", [False, True])
def test_a_plan_for_prod_asks_github_at_most_12_times_and_lists_each_kind_once(
    scene: Scene, serve: Serve, tmp_path: Path, migrating: bool
) -> None:
    """The rate limit is shared by all of a repository's runs, the API server by all of a cluster's."""
    promotion = Promotion(scene, serve)
    promotion.github.documents[f"/compare/{FIRST}...{REVISION}"] = [comparison(commit(1))]
    if migrating:
        migrates = scene.with_migration(tmp_path).environment.migration
        assert promotion.prod.source is not None
        source = evolve(promotion.prod.source, migration=migrates)
        promotion.prod = evolve(promotion.prod, migration=migrates, source=source)
    scene.api.calls.clear()
    made = promotion.planned()
    assert (made.migrate, made.commits.ahead) == ("after" if migrating else "none", 1)
    assert len(promotion.server.asked) <= 12
    lists = [each.path for each in scene.api.calls if each.path.rpartition("/")[2] in LISTED]
    assert len(lists) == len(set(lists))
    assert {each.rpartition("/")[2] for each in lists} == LISTED - (set() if migrating else {"jobs"})
    assert sum(path.endswith("/jobs") for path in lists) == 2 * migrating
    others = [each.path for each in scene.api.calls if each.path not in lists]
    assert sorted(others) == sorted(f"/api/v1/namespaces/{it}/configmaps/promokit-ledger" for it in (PROD, SANDBOX))


def test_a_run_of_ci_under_way_is_waited_for_as_long_as_configured(scene: Scene, serve: Serve) -> None:
    """It is asked again every ten seconds; then the gate refuses."""
    promotion = Promotion(scene, serve, ci=CiGate(("ci.yaml",), timedelta(seconds=30)))
    promotion.github.documents[RUNS] = [ci_run(status="in_progress", conclusion=None)]
    assert promotion.word("ci") == "refused"
    assert promotion.slept == [10.0, 10.0, 10.0]
    conditional = [each.headers.get("If-None-Match") for each in promotion.server.asked if each.path.endswith(RUNS)]
    assert [bool(each) for each in conditional] == [False, True, True, True]


def test_a_run_of_ci_that_ends_in_time_is_judged_by_its_end(scene: Scene, serve: Serve) -> None:
    """The wait ends with it."""
    promotion = Promotion(scene, serve, ci=CiGate(("ci.yaml",), timedelta(minutes=20)))
    promotion.github.documents[RUNS] = [ci_run(status="queued", conclusion=None), ci_run()]
    assert promotion.word("ci") == "allowed"
    assert promotion.slept == [10.0]


def test_a_wait_for_ci_is_told_once_with_its_end(scene: Scene, serve: Serve) -> None:
    """Nobody sits before a plan that says nothing for twenty minutes."""
    promotion, said = Promotion(scene, serve, ci=CiGate(("ci.yaml",), timedelta(minutes=20))), list[str]()
    promotion.github.documents[RUNS] = [ci_run(status="queued", conclusion=None)] * 3 + [ci_run()]
    promotion.planned(progress=said.append)
    assert promotion.slept == [10.0] * 3
    assert said == [
        f"ci.yaml for {REVISION[:10]} is under way: waiting until {NOW + timedelta(minutes=20):%H:%M:%S} UTC at most"
    ]


def test_a_github_that_is_away_while_ci_is_waited_for_is_asked_again(scene: Scene, serve: Serve) -> None:
    """The run was under way a moment ago: a pause of GitHub is no reason to give up a wait of twenty minutes."""
    promotion = Promotion(scene, serve, ci=CiGate(("ci.yaml",), timedelta(minutes=20)))
    promotion.github.documents[RUNS] = [ci_run(status="queued", conclusion=None), {}, {}, ci_run()]
    assert promotion.word("ci") == "allowed"
    assert promotion.slept == [10.0] * 3
    promotion.github.documents[RUNS] = [ci_run(status="queued", conclusion=None), {}]
    assert promotion.word("ci") == "unknown"


@pytest.mark.parametrize("status", ["in_progress", "completed"])
def test_our_own_run_is_not_waited_for_and_does_not_count(scene: Scene, serve: Serve, status: str) -> None:
    """A workflow that promotes can't be the proof of its own commit."""
    promotion = Promotion(scene, serve, ci=CiGate(("ci.yaml",), timedelta(minutes=20)))
    promotion.github.documents[RUNS] = [ci_run(id=OUR_RUN, status=status)]
    assert promotion.word("ci") == "refused"
    assert promotion.slept == []


@pytest.mark.parametrize(
    ("gate", "path"),
    [
        ("ci", RUNS),
        ("origin", f"/compare/master...{REVISION}"),
        ("approvals", f"/actions/runs/{OUR_RUN}/approvals"),
        ("approvals", "/environments/prod/deployment-branch-policies"),
    ],
)
def test_a_field_that_github_leaves_out_is_unknown(scene: Scene, serve: Serve, gate: str, path: str) -> None:
    """What isn't told never lets a promotion through, and stops no other gate from being judged."""
    promotion = Promotion(scene, serve)
    promotion.github.documents[path] = [{}]
    made = promotion.planned()
    assert [each.gate for each in made.answers if each.word != "allowed"] == [gate]
    assert made.exit_code == 5


@pytest.mark.parametrize(("architecture", "word"), [("amd64", "allowed"), ("arm64", "refused")])
def test_an_image_is_judged_by_the_targets_nodes(scene: Scene, serve: Serve, architecture: str, word: str) -> None:
    """The image is for amd64 alone."""
    promotion = Promotion(scene, serve)
    info = {"operatingSystem": "linux", "architecture": architecture}
    scene.api.put("nodes", "node-1", {"status": {"nodeInfo": info}}, namespace="")
    assert promotion.word("platform") == word


@pytest.mark.parametrize(("status", "word"), [(403, "allowed"), (401, "unknown")])
def test_nodes_that_may_not_be_read_stop_nothing(scene: Scene, serve: Serve, status: int, word: str) -> None:
    """A role of a namespace hasn't the right to; whatever else goes wrong is unknown."""
    promotion = Promotion(scene, serve)
    scene.api.fail(status, path="nodes", times=9)
    assert promotion.word("platform") == word

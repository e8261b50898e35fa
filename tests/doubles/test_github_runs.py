"""Runs and approvals of the GitHub double."""

from typing import Any

import pytest
import requests

from tests.doubles.control import control
from tests.doubles.github_client import get, told
from tests.doubles.history import History
from tests.lab.doubles.github import GitHubDouble

pytestmark = pytest.mark.program


def put(github: GitHubDouble, run_id: int, **facts: Any) -> None:
    """A run of CI that passed, unless the facts say otherwise."""
    passed = {"workflow": "ci.yaml", "event": "push", "conclusion": "success"}
    control(github, "POST", "runs", {"id": run_id, **passed, **facts})


def ids(found: dict[str, Any]) -> list[int]:
    return [run["id"] for run in found["workflow_runs"]]


def test_a_run_is_told_as_it_was_put(github: GitHubDouble, history: History) -> None:
    """Number, attempt, accounts, branch, event, workflow, state and commit come back in GitHub's names."""
    put(github, 7, number=12, attempt=2, workflow="build.yaml", actor="alice", triggering_actor="ci[bot]")
    run = told(github, "/actions/runs/7")
    assert (run["run_number"], run["run_attempt"], run["path"]) == (12, 2, ".github/workflows/build.yaml")
    assert (run["actor"]["login"], run["actor"]["type"]) == ("alice", "User")
    assert (run["triggering_actor"]["login"], run["triggering_actor"]["type"]) == ("ci[bot]", "Bot")
    assert (run["head_branch"], run["head_sha"], run["event"]) == ("master", history.third, "push")
    assert (run["status"], run["conclusion"]) == ("completed", "success")
    assert run["head_commit"]["message"] == "Go further"


def test_the_run_is_its_latest_attempt(github: GitHubDouble) -> None:
    """Each attempt keeps its own outcome; the run and the lists tell the latest."""
    put(github, 7, conclusion="failure")
    put(github, 7, attempt=2)
    assert told(github, "/actions/runs/7/attempts/1")["conclusion"] == "failure"
    assert told(github, "/actions/runs/7")["run_attempt"] == 2
    assert [run["run_attempt"] for run in told(github, "/actions/runs")["workflow_runs"]] == [2]


def test_a_run_goes_on(github: GitHubDouble) -> None:
    """Told by its id alone it's a dispatched run in progress, no CI; a later put changes just what it says."""
    control(github, "POST", "runs", {"id": 7, "number": 12})
    run = told(github, "/actions/runs/7")
    assert (run["event"], run["status"], run["conclusion"]) == ("workflow_dispatch", "in_progress", None)
    assert ids(told(github, "/actions/workflows/ci.yaml/runs")) == []
    control(github, "POST", "runs", {"id": 7, "conclusion": "cancelled"})
    run = told(github, "/actions/runs/7")
    assert (run["run_number"], run["status"], run["conclusion"]) == (12, "completed", "cancelled")


@pytest.mark.parametrize("body", [{"status": "completed"}, {"colour": "red"}, {"id": "x"}, {"id": None}])
def test_a_misshapen_run_is_refused(github: GitHubDouble, body: dict[str, Any]) -> None:
    """Completed without a conclusion, an unknown fact, an id that isn't one: 400, and nothing is kept."""
    with pytest.raises(requests.HTTPError, match="400"):
        control(github, "POST", "runs", {"id": 7, **body})
    assert told(github, "/actions/runs")["total_count"] == 0


def test_a_run_may_have_no_triggering_actor(github: GitHubDouble) -> None:
    """Told as null, the field is left out; `raw` can take away or bend any other."""
    put(github, 7, triggering_actor=None, raw={"display_title": "Bent"})
    run = told(github, "/actions/runs/7")
    assert "triggering_actor" not in run
    assert run["display_title"] == "Bent"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("?event=push", [4, 3, 2, 1]),
        ("?branch=feature/one", [3]),
        ("?status=failure", [2]),
        ("?status=completed&event=push&branch=master", [4, 2, 1]),
        ("?actor=bob", [4]),
        ("?head_sha=" + "0" * 40, []),
    ],
)
def test_runs_are_filtered(github: GitHubDouble, query: str, expected: list[int]) -> None:
    """Newest first, by branch, event, actor, commit, and by status or conclusion."""
    put(github, 1)
    put(github, 2, number=2, conclusion="failure")
    put(github, 3, number=3, branch="feature/one")
    put(github, 4, number=4, actor="bob")
    put(github, 5, number=5, event="workflow_dispatch")
    assert ids(told(github, f"/actions/runs{query}")) == expected


def test_a_workflows_runs_are_its_own(github: GitHubDouble, history: History) -> None:
    """By the file's name or the workflow's id, and by commit."""
    put(github, 1, sha=history.first)
    put(github, 2, sha=history.first, workflow="build.yaml")
    number = told(github, "/actions/runs/1")["workflow_id"]
    for workflow in ("ci.yaml", number):
        assert ids(told(github, f"/actions/workflows/{workflow}/runs?head_sha={history.first}")) == [1]
    assert ids(told(github, f"/actions/workflows/ci.yaml/runs?head_sha={history.second}")) == []


def test_an_unknown_workflow_or_filter_is_refused(github: GitHubDouble) -> None:
    """A workflow without a file and without runs is 404; an unknown filter isn't ignored."""
    assert told(github, "/actions/workflows/ci.yaml/runs") == {"total_count": 0, "workflow_runs": []}
    assert get(github, "/actions/workflows/none.yaml/runs").status_code == 404
    assert get(github, "/actions/runs?created=>2026-01-01").status_code == 422


def test_lists_come_in_pages(github: GitHubDouble) -> None:
    """Link leads from page to page, over all of them, and ends."""
    for number in range(1, 6):
        put(github, number, number=number)
    answer, pages = get(github, "/actions/runs?per_page=2&event=push"), []
    while True:
        pages.append(ids(answer.json()))
        if "next" not in answer.links:
            break
        answer = get(github, answer.links["next"]["url"])
    assert pages == [[5, 4], [3, 2], [1]]
    assert answer.links["first"]["url"].endswith("page=1")
    assert answer.json()["total_count"] == 5


@pytest.mark.parametrize("path", ["/actions/runs/8", "/actions/runs/7/attempts/2", "/actions/runs/8/approvals"])
def test_an_unknown_run_is_not_found(github: GitHubDouble, path: str) -> None:
    """A run or attempt that nobody put is 404."""
    put(github, 7)
    assert get(github, path).status_code == 404


def test_approvals_name_environments_and_reviewers(github: GitHubDouble) -> None:
    """Approvals come with the run or later, in order, without a time or an attempt."""
    put(github, 7, approvals=[{"environments": ["prod-approval"], "user": "bob", "comment": "Go."}])
    control(github, "POST", "runs/7/approvals", {"environments": ["prod"], "state": "rejected", "user": "carol"})
    found = [
        (one["user"]["login"], one["state"], [environment["name"] for environment in one["environments"]])
        for one in told(github, "/actions/runs/7/approvals")
    ]
    assert found == [("bob", "approved", ["prod-approval"]), ("carol", "rejected", ["prod"])]


@pytest.mark.parametrize("body", [{"state": "maybe"}, {"when": "now"}, {"environments": None}])
def test_a_misshapen_approval_is_refused(github: GitHubDouble, body: dict[str, Any]) -> None:
    """A state that GitHub doesn't know, or a member that it doesn't tell."""
    with pytest.raises(requests.HTTPError, match="400"):
        control(github, "POST", "runs/7/approvals", {"environments": ["prod"], "user": "bob", **body})

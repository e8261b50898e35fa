"""The check against GitHub's description itself: it must be able to find fault."""

from collections.abc import Callable
from inspect import isfunction
from typing import Any

import pytest

from promokit.github.api import GitHub
from tests.doubles.control import control
from tests.doubles.github_client import get, told
from tests.doubles.history import History
from tests.lab.doubles.github import GitHubDouble
from tests.lab.doubles.github.names import TOKEN
from tests.lab.doubles.openapi import complaints

pytestmark = pytest.mark.program

RUN = "/repos/acme/credreg/actions/runs/7"


@pytest.fixture
def run(github: GitHubDouble) -> dict[str, Any]:
    """A run as the double tells it, good as it is."""
    control(github, "POST", "runs", {"id": 7})
    found: dict[str, Any] = told(github, "/actions/runs/7")
    return found


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"id": "7"}, "$.id"),
        ({"head_branch": 1}, "$.head_branch"),
        ({"created_at": "yesterday"}, "$.created_at"),
        ({"actor": {"login": "alice"}}, "$.actor"),
        ({"invented": True}, "$"),
    ],
)
def test_a_wrong_answer_is_found(run: dict[str, Any], changed: dict[str, Any], where: str) -> None:
    """A wrong type, a text that's no time, a half account, an unknown member: each is told with its place."""
    assert complaints("GET", RUN, 200, run) == []
    found = complaints("GET", RUN, 200, {**run, **changed})
    assert found
    assert all(complaint.startswith(f"{where}:") or f"{where}." in complaint for complaint in found)


def test_an_absent_member_is_found(run: dict[str, Any]) -> None:
    """Without one of the members that GitHub always gives, the answer isn't GitHub's."""
    del run["head_sha"]
    assert "'head_sha' is a required property" in complaints("GET", RUN, 200, run)[0]


def test_an_unknown_operation_is_found() -> None:
    """A path, a method or a status that GitHub doesn't describe."""
    for method, path, status in (("GET", "/nowhere", 200), ("PUT", RUN, 200), ("GET", RUN, 202)):
        assert complaints(method, path, status, {})


ASKED: dict[str, Callable[[GitHub, History], object]] = {
    "run": lambda github, _: github.run(7),
    "runs": lambda github, history: github.runs("ci.yaml", history.third, branch="master"),
    "reviews": lambda github, _: github.reviews(7),
    "environment": lambda github, _: github.environment("prod"),
    "branch_policies": lambda github, _: github.branch_policies("prod"),
    "compare": lambda github, history: github.compare(history.first, history.third),
}


def test_each_question_of_promokit_is_tried() -> None:
    """A question that is new has to be described by GitHub and answered by the double, too."""
    public = {name for name, it in vars(GitHub).items() if isfunction(it) and not name.startswith("_")}
    assert public == set(ASKED)


@pytest.mark.parametrize("question", ASKED)
def test_every_call_that_promokit_makes_is_answered_as_described(
    github: GitHubDouble, history: History, question: str
) -> None:
    """Path, query and answer of each, as the program itself sends them."""
    facts = {"workflow": "ci.yaml", "event": "push", "conclusion": "success", "sha": history.third}
    approved = {"environments": ["prod"], "user": "bob"}
    control(github, "POST", "runs", {"id": 7, **facts, "approvals": [approved]})
    assert ASKED[question](GitHub("acme/credreg", TOKEN, github.url), history)
    sent = [call["path"] for call in github.calls]
    assert sent
    for path in sent:
        answer = get(github, f"{github.url}{path}")  # it fails where the description is against it
        assert answer.status_code == 200

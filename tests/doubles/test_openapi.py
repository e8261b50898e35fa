"""The check against GitHub's description itself: it must be able to find fault."""

from typing import Any

import pytest

from tests.doubles.control import control
from tests.doubles.github_client import told
from tests.lab.doubles.github import GitHubDouble
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

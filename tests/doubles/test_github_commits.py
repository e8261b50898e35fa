"""Commits, branches and comparisons of the GitHub double: a real history's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.control import control
from tests.doubles.github_client import get, told
from tests.doubles.history import History, commit, git
from tests.lab.doubles.github import GitHubDouble

pytestmark = pytest.mark.program


@pytest.mark.parametrize(
    ("base", "head", "status", "ahead", "behind"),
    [
        ("first", "third", "ahead", 2, 0),
        ("third", "first", "behind", 0, 2),
        ("third", "third", "identical", 0, 0),
        ("third", "aside", "diverged", 1, 2),
    ],
)
def test_two_commits_are_compared(
    github: GitHubDouble, history: History, base: str, head: str, status: str, ahead: int, behind: int
) -> None:
    """Status and counts as git's own history says."""
    start, end = getattr(history, base), getattr(history, head)
    found = told(github, f"/compare/{start}...{end}")
    assert (found["status"], found["ahead_by"], found["behind_by"]) == (status, ahead, behind)
    assert (found["base_commit"]["sha"], found["total_commits"]) == (start, ahead)
    assert len(found["commits"]) == ahead


def test_a_comparison_tells_commits_oldest_first(github: GitHubDouble, history: History) -> None:
    """Branches may be compared too, also as owner:branch; the commits come in order."""
    for base in (history.first, history.first[:10]):
        for head in ("master", "acme:master"):
            shas = [one["sha"] for one in told(github, f"/compare/{base}...{head}")["commits"]]
            assert shas == [history.second, history.third]
    found = told(github, "/compare/master...feature/one")
    assert found["merge_base_commit"]["sha"] == history.first


def test_what_cannot_be_compared_is_not_found(github: GitHubDouble, history: History) -> None:
    """An unknown end, or two histories without a common ancestor."""
    assert get(github, f"/compare/{history.first}...{'0' * 40}").status_code == 404
    answer = get(github, "/compare/master...island")
    assert (answer.status_code, "No common ancestor" in answer.json()["message"]) == (404, True)


@pytest.fixture
def long(tmp_path: Path) -> Iterator[tuple[GitHubDouble, list[str]]]:
    """A double over a history of 260 commits."""
    origin = tmp_path / "long.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "master", str(origin))
    stream = "".join(
        f"commit refs/heads/master\ncommitter A <a@example.org> {1767225600 + number} +0000\ndata 1\nx\n\n"
        for number in range(260)
    )
    git(origin, "fast-import", "--quiet", stdin=stream)
    with GitHubDouble(origin=origin) as double:
        yield double, git(origin, "rev-list", "--reverse", "master").split()


def test_a_long_comparison_is_cut(long: tuple[GitHubDouble, list[str]]) -> None:
    """Without paging the newest 250 commits are told, with it every one, a page at a time."""
    double, shas = long
    found = told(double, f"/compare/{shas[0]}...master")
    assert (found["ahead_by"], [one["sha"] for one in found["commits"]]) == (259, shas[-250:])
    first = get(double, f"/compare/{shas[0]}...master?per_page=100&page=1")
    assert [one["sha"] for one in first.json()["commits"]] == shas[1:101]
    last = get(double, first.links["last"]["url"])
    assert [one["sha"] for one in last.json()["commits"]] == shas[201:]
    assert "next" not in last.links


@pytest.mark.parametrize("name", ["third", "branch", "short"])
def test_a_commit_is_told_by_any_name(github: GitHubDouble, history: History, name: str) -> None:
    """By sha, abbreviated sha and branch; the author is an account where the address tells it."""
    reference = {"third": history.third, "branch": "master", "short": history.third[:8]}[name]
    found = told(github, f"/commits/{reference}")
    assert found["sha"] == history.third
    assert found["commit"]["message"] == "Go further"
    assert found["commit"]["author"]["date"] == "2026-01-02T01:04:05Z"
    assert (found["author"]["login"], found["committer"]) == ("alice", None)
    assert [parent["sha"] for parent in found["parents"]] == [history.second]


@pytest.mark.parametrize("name", ["0" * 40, "nowhere", "--all"])
def test_an_unknown_commit_is_refused(github: GitHubDouble, name: str) -> None:
    """GitHub says 422 of a name that means no commit."""
    assert get(github, f"/commits/{name}").status_code == 422


def test_a_branch_is_told_with_its_head_and_protection(github: GitHubDouble, history: History) -> None:
    """master is protected, until a control call says otherwise; a slash in the name is no harm."""
    found = told(github, "/branches/master")
    assert (found["commit"]["sha"], found["protected"]) == (history.third, True)
    control(github, "PUT", "branches/master", {"protected": False})
    assert told(github, "/branches/master")["protected"] is False
    for name in ("feature/one", "feature%2Fone"):
        assert get(github, f"/branches/{name}").json()["protected"] is False


def test_an_unknown_branch_is_not_found(github: GitHubDouble, history: History) -> None:
    """A commit's sha is no branch either."""
    for name in ("nowhere", history.third):
        assert get(github, f"/branches/{name}").json()["message"] == "Branch not found"


def test_a_push_is_seen_at_once(github: GitHubDouble, history: History) -> None:
    """The repository is read at every call."""
    pushed = commit(history.origin, "Come later", [history.third])
    git(history.origin, "update-ref", "refs/heads/later", pushed)
    assert told(github, "/branches/later")["commit"]["sha"] == pushed

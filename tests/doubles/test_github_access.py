"""How the GitHub double refuses, limits, caches, and fails when told to."""

import time

import pytest
import requests

from tests.doubles.control import control
from tests.doubles.github_client import get
from tests.lab.doubles.github import GitHubDouble

pytestmark = pytest.mark.program

PATH = "/environments/prod"


def test_a_stranger_sees_nothing(github: GitHubDouble) -> None:
    """Without a token a private repository isn't there; with a wrong one the token is what's wrong."""
    assert get(github, PATH, token=None).status_code == 404
    answer = get(github, PATH, token="wrong")
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


@pytest.mark.parametrize(
    ("path", "needed"),
    [("/actions/runs", "actions=read"), (PATH, "actions=read"), ("/branches/master", "contents=read")],
)
def test_a_token_without_the_permission_is_refused(github: GitHubDouble, path: str, needed: str) -> None:
    """403, and a header that says which permission would do."""
    control(github, "POST", "tokens", {"token": "weak", "permissions": {"metadata": "read"}})
    answer = get(github, path, token="weak")
    assert answer.status_code == 403
    assert answer.json()["message"] == "Resource not accessible by integration"
    assert answer.headers["X-Accepted-GitHub-Permissions"] == needed


def test_a_registered_token_is_as_good(github: GitHubDouble) -> None:
    """Any token can be registered, but not an empty one."""
    control(github, "POST", "tokens", {"token": "another"})
    assert get(github, PATH, token="another").status_code == 200
    with pytest.raises(requests.HTTPError, match="400"):
        control(github, "POST", "tokens", {"token": ""})


@pytest.mark.parametrize("url", ["/repos/acme/other/branches/master", "/nowhere", "/repos/acme/credreg/nowhere"])
def test_what_it_does_not_know_is_not_found(github: GitHubDouble, url: str) -> None:
    """Another repository, or an endpoint outside the contract, is 404 in GitHub's shape."""
    answer = requests.get(github.url + url, headers={"Authorization": "Bearer lab-github-token"}, timeout=10)
    assert answer.status_code == 404
    assert set(answer.json()) == {"message", "documentation_url", "status"}


def test_an_unchanged_answer_is_not_sent_twice(github: GitHubDouble) -> None:
    """If-None-Match gives 304, which costs nothing of the rate limit; a change gives 200 again."""
    first = get(github, PATH)
    again = get(github, PATH, {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"] == "4999"
    control(github, "PUT", "environments/prod", {})
    changed = get(github, PATH, {"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.headers["X-RateLimit-Remaining"]) == (200, "4998")


def test_the_rate_limit_ends_and_begins_again(github: GitHubDouble) -> None:
    """At 0 left every call is 403 with the time of the reset; after it calls pass."""
    control(github, "POST", "rate", {"remaining": 1, "reset_in": 100})
    assert get(github, PATH).status_code == 200
    refused = get(github, PATH)
    assert (refused.status_code, refused.headers["X-RateLimit-Remaining"]) == (403, "0")
    assert int(refused.headers["X-RateLimit-Reset"]) > time.time()
    control(github, "POST", "rate", {"remaining": 0, "reset_in": -1})
    assert get(github, PATH).status_code == 200


def test_a_call_fails_as_often_as_told(github: GitHubDouble) -> None:
    """By method and path, with status and headers, so many times; other paths pass."""
    fault = {
        "method": "GET",
        "path": "/environments/p",
        "status": 429,
        "headers": {"Retry-After": "3"},
        "times": 2,
    }
    control(github, "POST", "fail", fault)
    assert get(github, "/environments/test").status_code == 200
    told = [get(github, PATH) for _ in range(3)]
    assert [answer.status_code for answer in told] == [429, 429, 200]
    assert told[0].headers["Retry-After"] == "3"


def test_an_answer_can_be_lost(github: GitHubDouble) -> None:
    """A dropped connection is what a client sees when the network breaks."""
    control(github, "POST", "fail", {"drop": True})
    with pytest.raises(requests.ConnectionError):
        get(github, PATH)
    assert get(github, PATH).status_code == 200


def test_an_answer_can_be_late(github: GitHubDouble) -> None:
    """A client that waits less than the delay gives up; the next call is answered at once."""
    control(github, "POST", "fail", {"delay": 30})
    url = f"{github.url}/repos/acme/credreg/branches/master"
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, timeout=0.2)
    assert get(github, PATH).status_code == 200


def test_the_journal_counts_calls(github: GitHubDouble) -> None:
    """Each call with method, path and status, control calls left out; a reset empties it."""
    for path in (PATH, "/environments/none"):
        get(github, path)
    found = [(call["method"], call["path"], call["status"]) for call in control(github, "GET", "calls")["calls"]]
    assert found == [
        ("GET", "/repos/acme/credreg/environments/prod", 200),
        ("GET", "/repos/acme/credreg/environments/none", 404),
    ]
    control(github, "POST", "reset")
    assert control(github, "GET", "calls")["calls"] == []

import json
from collections.abc import Callable
from typing import Any

import pytest

from promokit.errors import ConfigError, PromokitError, Unreachable
from promokit.github.api import GitHub
from promokit.github.client import MOST_PAGES
from tests.github.documents import SHA, commit, comparison, environment, review, run
from tests.http_server import Answer, Asked, Respond, Server

Serve = Callable[[Respond], Server]
TOKEN = "ghs_s3cret"
ROOT = "/repos/acme/credreg"


def answer(document: object, **headers: str) -> Answer:
    return Answer(200, json.dumps(document).encode(), {"Content-Type": "application/json", **headers})


def asking(server: Server, token: str | None = TOKEN, waits: list[float] | None = None) -> GitHub:
    waits = [] if waits is None else waits
    return GitHub("acme/credreg", token, server.url + "/", sleep=waits.append, clock=lambda: 1000.0)


def test_a_run_is_asked_for_with_the_token_and_the_version(serve: Serve) -> None:
    """The headers that GitHub recommends, and the token as a bearer."""
    server = serve(lambda _: answer(run()))
    assert asking(server).run(7).number == 12
    asked = server.asked[0]
    assert asked.path == f"{ROOT}/actions/runs/7"
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["X-GitHub-Api-Version"] == "2022-11-28"


def test_without_a_token_none_is_sent(serve: Serve) -> None:
    """A public repository needs none."""
    server = serve(lambda _: answer(run()))
    asking(server, None).run(7)
    assert "Authorization" not in server.asked[0].headers


@pytest.mark.parametrize("token", ["ghs_x\nsecret", "ghs_x\rsecret", "ghs_\u20acsecret"])
def test_a_token_that_can_not_be_sent_is_told_without_it(serve: Serve, token: str) -> None:
    """What was pasted with it is wrong use, not a bug of ours; nothing is asked."""
    server = serve(lambda _: answer(run()))
    with pytest.raises(ConfigError, match="a line break or another character") as caught:
        asking(server, token).run(7)
    assert "secret" not in str(caught.value)
    assert not server.asked


def test_runs_come_newest_first_from_all_pages(serve: Serve) -> None:
    """By number, then attempt; commit, branch and event are asked for, not sorted out afterwards."""

    def respond(asked: Asked) -> Answer:
        if asked.query.get("page") == "2":
            return answer({"workflow_runs": [run(run_number=14), run(run_number=13, run_attempt=2)]})
        following = f'<{server.url}{asked.path}?page=2>; rel="next"'
        return answer({"workflow_runs": [run(run_number=13), run(run_number=12)]}, Link=following)

    server = serve(respond)
    runs = asking(server).runs("ci.yaml", SHA, branch="master")
    assert [(found.number, found.attempt) for found in runs] == [(14, 1), (13, 2), (13, 1), (12, 1)]
    assert server.asked[0].path == f"{ROOT}/actions/workflows/ci.yaml/runs"
    expected = {"head_sha": SHA, "branch": "master", "event": "push", "per_page": "100"}
    assert server.asked[0].query == expected


def test_runs_on_any_branch_are_asked_without_a_branch(serve: Serve) -> None:
    """In an environment without `from`."""
    server = serve(lambda _: answer({"workflow_runs": []}))
    assert asking(server).runs("ci.yaml", SHA, branch=None) == ()
    assert "branch" not in server.asked[0].query


def test_asking_again_is_conditional(serve: Serve) -> None:
    """A 304 gives the same answer and costs no rate limit; a change gives the new one."""

    def respond(asked: Asked) -> Answer:
        if asked.headers.get("If-None-Match") == '"1"' and len(server.asked) < 3:
            return Answer(304)
        return answer({"workflow_runs": [run(run_number=len(server.asked))]}, ETag='"1"')

    server = serve(respond)
    github = asking(server)
    numbers = [github.runs("ci.yaml", SHA, branch=None)[0].number for _ in range(3)]
    assert numbers == [1, 1, 3]


def test_pages_without_end_are_unknown(serve: Serve) -> None:
    """A loop of links is left."""

    def respond(asked: Asked) -> Answer:
        following = f'<{server.url}{asked.path}?page={len(server.asked)}>; rel="next"'
        return answer({"workflow_runs": []}, Link=following)

    server = serve(respond)
    with pytest.raises(Unreachable, match="pages"):
        asking(server).runs("ci.yaml", SHA, branch=None)
    assert len(server.asked) == MOST_PAGES + 1


def test_the_token_goes_to_no_other_host(serve: Serve) -> None:
    """Whatever a Link says."""
    other = serve(lambda _: answer({"workflow_runs": []}))
    server = serve(lambda _: answer({"workflow_runs": []}, Link=f'<{other.url}/x>; rel="next"'))
    with pytest.raises(Unreachable, match="another host"):
        asking(server).runs("ci.yaml", SHA, branch=None)
    assert other.asked == []


def test_reviews_environments_and_policies_are_asked_for(serve: Serve) -> None:
    """Each by its own path; names are quoted."""
    documents: dict[str, Any] = {
        f"{ROOT}/actions/runs/7/approvals": [review()],
        f"{ROOT}/environments/prod%2Feu": environment(),
        f"{ROOT}/environments/prod%2Feu/deployment-branch-policies": {"branch_policies": [{"name": "master"}]},
    }
    server = serve(lambda asked: answer(documents[asked.path]) if asked.path in documents else Answer(404))
    github = asking(server)
    assert [found.user.login for found in github.reviews(7)] == ["bob"]
    settings = github.environment("prod/eu")
    assert settings is not None
    assert settings.reviewers == 2
    assert github.branch_policies("prod/eu") == ("master",)
    assert github.environment("missing") is None


def test_a_comparison_has_at_most_250_commits(serve: Serve) -> None:
    """Page after page of a hundred, and no page more than needed."""

    def respond(asked: Asked) -> Answer:
        page = int(asked.query.get("page", "1"))
        commits = [commit(page * 100 + number) for number in range(100)]
        following = f'<{server.url}{asked.path}?page={page + 1}>; rel="next"'
        return answer(comparison(*commits, ahead_by=900), Link=following)

    server = serve(respond)
    compared = asking(server).compare("a" * 40, "feature/x")
    assert (compared.ahead_by, len(compared.commits)) == (900, 250)
    assert len({found.sha for found in compared.commits}) == 250
    assert server.asked[0].path == f"{ROOT}/compare/{'a' * 40}...feature%2Fx"
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("response", "kind", "words"),
    [
        (Answer(401), Unreachable, "GITHUB_TOKEN"),
        (Answer(403), Unreachable, "`actions: read`"),
        (
            Answer(403, headers={"X-Accepted-GitHub-Permissions": "deployments=read; actions=read"}),
            Unreachable,
            "`deployments: read`",
        ),
        (Answer(404), Unreachable, "check the name; add `actions: read`"),
        (
            Answer(403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4600"}),
            Unreachable,
            "rate limit",
        ),
        (Answer(429, headers={"Retry-After": "3600"}), Unreachable, "rate limit"),
        (Answer(422), ConfigError, "422"),
        (Answer(410), Unreachable, "answered 410"),
        (Answer(200, b"<html>"), Unreachable, "not JSON"),
    ],
)
def test_what_goes_wrong_is_told_with_the_line_to_add(
    serve: Serve, response: Answer, kind: type[PromokitError], words: str
) -> None:
    """A missing permission is named, a limit is told from it, and the token is in no message."""
    server = serve(lambda _: response)
    with pytest.raises(kind, match=words) as caught:
        asking(server).run(7)
    assert TOKEN not in str(caught.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"Retry-After": "7"}, b"", 7.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1030"}, b"", 30.0),
        ({}, b'{"message": "You have exceeded a secondary rate limit"}', 60.0),
    ],
)
def test_a_limit_that_passes_soon_is_waited_for(
    serve: Serve, headers: dict[str, str], body: bytes, wait: float
) -> None:
    """As long as GitHub says; a minute where it doesn't."""
    server = serve(lambda _: answer(run()) if len(server.asked) > 1 else Answer(403, body, headers))
    waits: list[float] = []
    assert asking(server, waits=waits).run(7).id == 7
    assert waits == [wait]


def test_a_server_error_is_tried_again(serve: Serve) -> None:
    """502 happens; the next answer counts."""
    server = serve(lambda _: answer(run()) if len(server.asked) > 1 else Answer(502))
    assert asking(server).run(7).id == 7


def test_an_answer_of_another_shape_is_unknown(serve: Serve) -> None:
    """A list where an object was promised, or the other way round."""
    server = serve(lambda _: answer([]))
    github = asking(server)
    for question in (
        lambda: github.run(7),
        lambda: github.compare("a", "b"),
        lambda: github.branch_policies("x"),
    ):
        with pytest.raises(Unreachable):
            question()
    with pytest.raises(Unreachable):
        asking(serve(lambda _: answer({}))).reviews(7)


def test_pages_of_github_enterprise_are_followed_below_its_path(serve: Serve) -> None:
    """Its Links keep /api/v3; they go to the same host and so does the token."""

    def respond(asked: Asked) -> Answer:
        following = f'<{server.url}{asked.path}?page=2>; rel="next"'
        return answer({"workflow_runs": [run()]}, **({} if asked.query.get("page") else {"Link": following}))

    server = serve(respond)
    github = GitHub("acme/credreg", TOKEN, server.url + "/api/v3")
    assert len(github.runs("ci.yaml", SHA, branch=None)) == 2
    assert [each.path for each in server.asked] == [f"/api/v3{ROOT}/actions/workflows/ci.yaml/runs"] * 2
    assert {each.headers["Authorization"] for each in server.asked} == {f"Bearer {TOKEN}"}


def test_the_environment_names_repository_token_and_api(serve: Serve) -> None:
    """GITHUB_API_URL leads to GitHub Enterprise; without a repository there is no GitHub to ask."""
    server = serve(lambda _: answer(run()))
    github = GitHub.from_environ(
        {"GITHUB_REPOSITORY": "acme/credreg", "GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": server.url + "/api/v3"}
    )
    assert github is not None
    github.run(7)
    assert server.asked[0].path == f"/api/v3{ROOT}/actions/runs/7"
    assert GitHub.from_environ({}) is None


@pytest.mark.parametrize(
    "url", ["nonsense", "api.github.com", "https://", "ftp://x", "file:///etc/passwd", " ", "http://["]
)
def test_what_is_not_an_address_is_refused(url: str) -> None:
    """With the variable that says it."""
    with pytest.raises(ConfigError, match="GITHUB_API_URL"):
        GitHub("acme/credreg", TOKEN, url)


@pytest.mark.parametrize("repository", ["acme", "acme/", "/credreg", "a/b/c", ""])
def test_what_is_not_a_repository_is_refused(repository: str) -> None:
    """owner/name."""
    with pytest.raises(ConfigError):
        GitHub(repository, None)

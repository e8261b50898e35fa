"""Calls of the GitHub double, whose every answer is checked against GitHub's description."""

from collections.abc import Mapping
from typing import Any

import requests

from tests.lab.doubles.github import GitHubDouble
from tests.lab.doubles.github.names import REPOSITORY, TOKEN
from tests.lab.doubles.openapi import complaints


def get(
    github: GitHubDouble, path: str, headers: Mapping[str, str] | None = None, token: str | None = TOKEN
) -> requests.Response:
    """GET of a path below the repository; AssertionError where the answer isn't as described."""
    url = path if path.startswith("http") else f"{github.url}/repos/{REPOSITORY}{path}"
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, headers={**bearer, **(headers or {})}, timeout=10)
    if answer.status_code != 304:
        wrong = complaints("GET", url, answer.status_code, answer.json())
        assert not wrong, wrong
    return answer


def told(github: GitHubDouble, path: str) -> Any:
    """The body of a good answer."""
    answer = get(github, path)
    assert answer.status_code == 200, answer.text
    return answer.json()

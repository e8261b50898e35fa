"""The questions promokit asks GitHub about one repository, one method each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from promokit.errors import ConfigError
from promokit.github.answers import (
    MOST_COMMITS,
    needed,
    needed_list,
    needed_object,
    read_branch_policy,
    read_comparison,
    read_environment,
    read_review,
    read_run,
)
from promokit.github.client import Client, Page
from promokit.github.types import Comparison, EnvironmentSettings, Review, Run

API_URL = "https://api.github.com"
_ACTIONS = "actions: read"
_CONTENTS = "contents: read"


class GitHub:
    """One repository (`owner/name`) on one GitHub. Every method raises Unreachable when it can't know."""

    def __init__(
        self,
        repository: str,
        token: str | None,
        api_url: str = API_URL,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        owner, slash, name = repository.partition("/")
        if not (owner and slash and name) or "/" in name:
            raise ConfigError(f"{repository!a} is not a GitHub repository", remedy="write it as owner/name")
        self.repository = repository
        self._root = f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}"
        self._client = Client(api_url, token, sleep=sleep, clock=clock)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> GitHub | None:
        """By GITHUB_REPOSITORY, GITHUB_TOKEN or GH_TOKEN, and GITHUB_API_URL; None without a repository."""
        repository = environ.get("GITHUB_REPOSITORY")
        if not repository:
            return None
        token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or None
        return cls(repository, token, environ.get("GITHUB_API_URL") or API_URL)

    def run(self, run_id: int) -> Run:
        """The run in its newest attempt."""
        return read_run(self._first(f"/actions/runs/{run_id}", _ACTIONS).body)

    def runs(self, workflow: str, sha: str, *, branch: str | None = None, event: str = "push") -> tuple[Run, ...]:
        """The workflow's runs for that commit, newest first. `workflow` is its file's name (`ci.yaml`)."""
        query = {"head_sha": sha, "event": event, **({"branch": branch} if branch is not None else {})}
        pages = self._pages(f"/actions/workflows/{_quoted(workflow)}/runs", _ACTIONS, query)
        found = [read_run(item) for page in pages for item in _items(page, "workflow_runs")]
        return tuple(sorted(found, key=lambda run: (run.number, run.attempt), reverse=True))

    def reviews(self, run_id: int) -> tuple[Review, ...]:
        """The reviews of the run's deployments, of whatever attempt: GitHub doesn't tell which."""
        pages = self._pages(f"/actions/runs/{run_id}/approvals", _ACTIONS)
        return tuple(read_review(item) for page in pages for item in needed_list(page.body, "reviews"))

    def environment(self, name: str) -> EnvironmentSettings | None:
        """The environment's protection; None if there is no such environment."""
        page = self._client.get(f"{self._root}/environments/{_quoted(name)}", _ACTIONS)
        return None if page is None else read_environment(page.body)

    def branch_policies(self, environment: str) -> tuple[str, ...]:
        """The patterns of branches that may deploy there; one for tags reads `refs/tags/PATTERN`."""
        pages = self._pages(f"/environments/{_quoted(environment)}/deployment-branch-policies", _ACTIONS)
        return tuple(read_branch_policy(item) for page in pages for item in _items(page, "branch_policies"))

    def compare(self, base: str, head: str) -> Comparison:
        """How `head` stands to `base`, with the commits that only `head` has (at most 250)."""
        commits: list[Any] = []
        first = None
        for page in self._pages(f"/compare/{_quoted(base)}...{_quoted(head)}", _CONTENTS):
            first = first or page.body
            commits += _items(page, "commits")
            if len(commits) >= MOST_COMMITS:
                break
        return read_comparison(first, commits)

    def _first(self, path: str, permission: str) -> Page:
        return next(self._client.pages(f"{self._root}{path}", permission))

    def _pages(self, path: str, permission: str, query: Mapping[str, str] | None = None) -> Iterator[Page]:
        return self._client.pages(f"{self._root}{path}", permission, {"per_page": "100", **(query or {})})


def _items(page: Page, field: str) -> list[Any]:
    return needed(needed_object(page.body, "page"), field, list)


def _quoted(name: str) -> str:
    return quote(name, safe="")

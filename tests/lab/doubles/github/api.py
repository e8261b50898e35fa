"""The endpoints: each a path of the REST API and its answer."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote

from attrs import define, field, frozen

from tests.lab.doubles.github import commits, environments
from tests.lab.doubles.github.access import error, not_found
from tests.lab.doubles.github.environments import Environment
from tests.lab.doubles.github.git import Git
from tests.lab.doubles.github.names import DEFAULT_BRANCH, REPOSITORY, stable_id
from tests.lab.doubles.github.paging import Page, asked
from tests.lab.doubles.github.runs import Run, Runs
from tests.lab.doubles.messages import Request, Response, json_response

_COMPARED = 250  # A comparison asked for without paging lists the newest 250 commits.
_FILTERS: dict[str, Callable[[Run, str], bool]] = {
    "head_sha": lambda run, text: run.sha == text,
    "branch": lambda run, text: run.branch == text,
    "event": lambda run, text: run.event == text,
    "status": lambda run, text: text in {run.status, run.conclusion},
    "actor": lambda run, text: text == (run.actor if isinstance(run.actor, str) else run.actor["login"]),
}
_OWNER = REPOSITORY.partition("/")[0] + ":"  # A comparison may name a branch as owner:branch.
_PASSED = {"page", "per_page", "exclude_pull_requests"}


@frozen
class Endpoint:
    """One path below the repository, the permission that it needs, and what answers."""

    pattern: str
    permission: str
    answer: Callable[..., Response]


@define
class Api:
    """What the repository holds, and the endpoints that tell it; `api` is the double's own address."""

    git: Git
    api: Callable[[], str]
    runs: Runs = field(factory=Runs)
    environments: dict[str, Environment] = field(factory=environments.defaults)
    protected: set[str] = field(factory=lambda: {DEFAULT_BRANCH})

    def endpoints(self) -> Sequence[Endpoint]:
        """Every endpoint that the double knows."""
        runs, env = "/actions/runs", "/environments/(?P<name>[^/]+)"
        return [
            Endpoint(runs, "actions", self._list_runs),
            Endpoint("/actions/workflows/(?P<workflow>[^/]+)/runs", "actions", self._workflow_runs),
            Endpoint(f"{runs}/(?P<run_id>[0-9]+)", "actions", self._run),
            Endpoint(f"{runs}/(?P<run_id>[0-9]+)/attempts/(?P<attempt>[0-9]+)", "actions", self._run),
            Endpoint(f"{runs}/(?P<run_id>[0-9]+)/approvals", "actions", self._approvals),
            Endpoint("/environments", "actions", self._list_environments),
            Endpoint(env, "actions", self._environment),
            Endpoint(f"{env}/deployment-branch-policies", "actions", self._branch_policies),
            Endpoint(r"/compare/(?P<base>.+?)\.\.\.(?P<head>.+)", "contents", self._compare),
            Endpoint("/commits/(?P<reference>.+)", "contents", self._commit),
            Endpoint("/branches/(?P<name>.+)", "contents", self._branch),
        ]

    def _list_runs(self, request: Request) -> Response:
        return self._runs_of(request, self.runs.latest())

    def _workflow_runs(self, request: Request, workflow: str) -> Response:
        found = [run for run in self.runs.latest() if workflow in {run.workflow, str(stable_id(run.path))}]
        if not found and not self.git.has(DEFAULT_BRANCH, f".github/workflows/{workflow}"):
            return not_found()
        return self._runs_of(request, found)

    def _runs_of(self, request: Request, found: list[Run]) -> Response:
        unknown = set(request.query) - set(_FILTERS) - _PASSED
        if unknown:
            return error(422, f"the double doesn't know the parameter {sorted(unknown)}")
        for name in _FILTERS.keys() & request.query.keys():
            found = [run for run in found if _FILTERS[name](run, request.query[name])]
        return self._paged(request, found, "workflow_runs", lambda run: run.as_json(self.git, self.api()))

    def _run(self, _: Request, run_id: str, attempt: str | None = None) -> Response:
        run = self.runs.find(int(run_id), int(attempt) if attempt else None)
        return json_response(run.as_json(self.git, self.api())) if run else not_found()

    def _approvals(self, _: Request, run_id: str) -> Response:
        if not self.runs.find(int(run_id)):
            return not_found()
        return json_response(self.runs.reviews(int(run_id), self.api()))

    def _list_environments(self, request: Request) -> Response:
        found = sorted(self.environments.values(), key=lambda environment: environment.name)
        return self._paged(request, found, "environments", lambda one: one.as_json(self.api()))

    def _environment(self, _: Request, name: str) -> Response:
        found = self.environments.get(name)
        return json_response(found.as_json(self.api())) if found else not_found()

    def _branch_policies(self, request: Request, name: str) -> Response:
        found = self.environments.get(name)
        if not found:
            return not_found()
        return self._paged(request, found.patterns(), "branch_policies", environments.branch_policy)

    def _compare(self, request: Request, base: str, head: str) -> Response:
        start, end = (self.git.resolve(name.removeprefix(_OWNER)) for name in (base, head))
        if not start or not end:
            return not_found()
        paging = asked(request) if {"page", "per_page"} & request.query.keys() else None
        page = paging.slice if paging else slice(-_COMPARED, None)
        found = commits.compare(self.git, start, end, page, self.api())
        if found is None:
            return error(404, f"No common ancestor between {base} and {head}.")
        links = paging.links(request, found["total_commits"], self.api()) if paging else {}
        return json_response(found, headers=links)

    def _commit(self, _: Request, reference: str) -> Response:
        sha = self.git.resolve(reference)
        if sha is None:
            return error(422, f"No commit found for SHA: {reference}")
        return json_response(commits.commit(self.git.commit(sha), self.api()))

    def _branch(self, _: Request, name: str) -> Response:
        head = self.git.branch(name)
        if head is None:
            return error(404, "Branch not found")
        return json_response(commits.branch(name, self.git.commit(head), name in self.protected, self.api()))

    def _paged(
        self, request: Request, items: Sequence[Any], member: str, shape: Callable[[Any], dict[str, Any]]
    ) -> Response:
        page: Page = asked(request)
        body = {"total_count": len(items), member: [shape(item) for item in page.cut(items)]}
        return json_response(body, headers=page.links(request, len(items), self.api()))


def decoded(groups: dict[str, str]) -> dict[str, str]:
    """A path's parts, percent-decoded."""
    return {name: unquote(text) for name, text in groups.items()}

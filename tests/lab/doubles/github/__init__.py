"""The GitHub double: the REST calls that promokit makes, for one private repository."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

from tests.lab.doubles.double import Double
from tests.lab.doubles.faults import Fault
from tests.lab.doubles.github.access import Access, not_found
from tests.lab.doubles.github.api import Api, Endpoint, decoded
from tests.lab.doubles.github.environments import Environment
from tests.lab.doubles.github.git import Git
from tests.lab.doubles.github.names import DEFAULT_BRANCH, REPOSITORY, TOKEN
from tests.lab.doubles.messages import Request, Response, Route, json_response, late_or_lost

_PREFIX = f"/repos/{REPOSITORY}"


class GitHubDouble(Double):
    """Answers for acme/credreg; commits and branches come from the bare repository `origin`."""

    def __init__(self, *, origin: Path, port: int = 0) -> None:
        self._git = Git(origin)
        self._begin()
        super().__init__(port)

    def environ(self) -> dict[str, str]:
        """The environment of a process that speaks to this double."""
        return {"GITHUB_API_URL": self.url, "GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": REPOSITORY}

    def reset(self) -> None:
        """No runs, the four environments and the one token, as at the start."""
        super().reset()
        self._begin()

    def answer(self, request: Request) -> Response:
        """One call of the REST API."""
        fault = self.faults.take(lambda fault: _meant(fault, request))
        if fault and "status" in fault:
            body = fault.get("body", {"message": "Injected", "documentation_url": "https://docs.github.com/rest"})
            headers = {**self._access.headers(), **fault.get("headers", {})}
            return late_or_lost(json_response(body, fault["status"], headers), fault)
        return late_or_lost(self._answered(request), fault)

    def control(self) -> Sequence[Route]:
        """Runs, approvals, environments, branches, tokens, the rate limit."""
        return [
            ("POST", "/_lab/runs", self._put_run),
            ("POST", "/_lab/runs/(?P<run_id>[0-9]+)/approvals", self._approve),
            ("PUT", "/_lab/environments/(?P<name>[^/]+)", self._put_environment),
            ("DELETE", "/_lab/environments/(?P<name>[^/]+)", self._delete_environment),
            ("PUT", "/_lab/branches/(?P<name>.+)", self._protect),
            ("POST", "/_lab/tokens", self._register),
            ("POST", "/_lab/rate", self._limit),
        ]

    def _begin(self) -> None:
        self._api = Api(self._git, lambda: self.url)
        self._access = Access()

    def _answered(self, request: Request) -> Response:
        endpoint, groups = self._endpoint(request)
        if endpoint is None:
            return not_found()
        accepted = {"X-Accepted-GitHub-Permissions": f"{endpoint.permission}=read"}
        refused = self._access.refusal(request, endpoint.permission)
        if refused:
            return evolve(refused, headers={**refused.headers, **accepted})
        return self._conditional(request, endpoint.answer(request, **groups), accepted)

    def _endpoint(self, request: Request) -> tuple[Endpoint | None, dict[str, str]]:
        path = request.path
        if request.method == "GET" and path.startswith(f"{_PREFIX}/"):
            for endpoint in self._api.endpoints():
                if match := re.fullmatch(endpoint.pattern, path.removeprefix(_PREFIX)):
                    return endpoint, decoded(match.groupdict())
        return None, {}

    def _conditional(self, request: Request, answer: Response, headers: dict[str, str]) -> Response:
        """304 where the caller has this answer already; that one isn't counted."""
        etag = f'W/"{hashlib.sha256(answer.body).hexdigest()}"'
        same = answer.status == 200 and request.headers.get("if-none-match") == etag
        if not same:
            self._access.count()
        told = {**answer.headers, **self._access.headers(), **headers}
        if answer.status == 200:
            told["ETag"] = etag
        return Response(304, b"", told) if same else evolve(answer, headers=told)

    def _put_run(self, request: Request) -> Response:
        run = self._api.runs.put(request.json(), self._git.branch(DEFAULT_BRANCH) or "0" * 40)
        return json_response(run.as_json(self._git, self.url))

    def _approve(self, request: Request, run_id: str) -> Response:
        self._api.runs.approve(int(run_id), request.json())
        return json_response(self._api.runs.reviews(int(run_id), self.url))

    def _put_environment(self, request: Request, name: str) -> Response:
        self._api.environments[name] = Environment(**{**request.json(), "name": name})
        return json_response(self._api.environments[name].as_json(self.url))

    def _delete_environment(self, _: Request, name: str) -> Response:
        return json_response({"deleted": self._api.environments.pop(name, None) is not None})

    def _protect(self, request: Request, name: str) -> Response:
        protected = bool(request.json()["protected"])
        (self._api.protected.add if protected else self._api.protected.discard)(name)
        return json_response({"name": name, "protected": protected})

    def _register(self, request: Request) -> Response:
        told: dict[str, Any] = request.json()
        self._access.register(told["token"], told.get("permissions"))
        return json_response({"ok": True})

    def _limit(self, request: Request) -> Response:
        told = request.json()
        self._access.limit(int(told["remaining"]), float(told.get("reset_in", 60)))
        return json_response(self._access.headers())


def _meant(fault: Fault, request: Request) -> bool:
    method = fault.get("method", request.method)
    return bool(method == request.method and re.search(fault.get("path", ""), request.target))

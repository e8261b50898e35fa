"""Workflow runs and their approvals."""

from collections.abc import Mapping
from typing import Any

from attrs import define, field, fields_dict

from tests.lab.doubles.github.commits import simple
from tests.lab.doubles.github.environments import overlaid, reference
from tests.lab.doubles.github.git import Git
from tests.lab.doubles.github.names import DEFAULT_BRANCH, HTML, REPOSITORY, node_id, stable_id
from tests.lab.doubles.github.people import repository, user

Account = str | dict[str, Any]
_STATES = {"approved", "rejected", "pending"}


@define(kw_only=True)
class Run:
    """One attempt of a run; `triggering_actor` None leaves the field out, `raw` is laid over the answer.

    Told by its id alone it's a dispatched run that goes on: nothing that could pass for a commit's good CI.
    """

    id: int
    sha: str
    number: int = 1
    attempt: int = 1
    workflow: str = "dispatched.yaml"
    event: str = "workflow_dispatch"
    branch: str | None = DEFAULT_BRANCH
    actor: Account = "alice"
    triggering_actor: Account | None = "alice"
    status: str = "in_progress"
    conclusion: str | None = None
    created_at: str = "2026-01-02T03:04:05Z"
    title: str = "Change something"
    raw: dict[str, Any] | None = None

    @property
    def path(self) -> str:
        """The workflow file's path in the repository."""
        return f".github/workflows/{self.workflow}"

    def as_json(self, git: Git, api: str) -> dict[str, Any]:
        """The run as the API gives it."""
        people = {"actor": user(self.actor, api)}
        if self.triggering_actor is not None:
            people["triggering_actor"] = user(self.triggering_actor, api)
        where = repository(api)
        found = {
            **self._facts(),
            **self._links(api),
            **people,
            "head_commit": simple(git.commit(self.sha)) if git.resolve(self.sha) else None,
            "repository": where,
            "head_repository": where,
        }
        return overlaid(found, self.raw)

    def _facts(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.workflow.partition(".")[0],
            "node_id": node_id("WFR", str(self.id)),
            "check_suite_id": stable_id(f"suite {self.id}"),
            "check_suite_node_id": node_id("CS", str(self.id)),
            "head_branch": self.branch,
            "head_sha": self.sha,
            "path": self.path,
            "display_title": self.title,
            "run_number": self.number,
            "run_attempt": self.attempt,
            "event": self.event,
            "status": self.status,
            "conclusion": self.conclusion if self.status == "completed" else None,
            "workflow_id": stable_id(self.path),
            "pull_requests": [],
            "referenced_workflows": [],
            "created_at": self.created_at,
            "updated_at": self.created_at,
            "run_started_at": self.created_at,
        }

    def _links(self, api: str) -> dict[str, Any]:
        base = f"{api}/repos/{REPOSITORY}"
        url = f"{base}/actions/runs/{self.id}"
        earlier = f"{url}/attempts/{self.attempt - 1}" if self.attempt > 1 else None
        return {
            "url": url,
            "html_url": f"{HTML}/actions/runs/{self.id}",
            "jobs_url": f"{url}/jobs",
            "logs_url": f"{url}/logs",
            "check_suite_url": f"{base}/check-suites/{stable_id(f'suite {self.id}')}",
            "artifacts_url": f"{url}/artifacts",
            "cancel_url": f"{url}/cancel",
            "rerun_url": f"{url}/rerun",
            "previous_attempt_url": earlier,
            "workflow_url": f"{base}/actions/workflows/{stable_id(self.path)}",
        }


@define
class Runs:
    """Every attempt of every run, and each run's approvals (which carry no attempt)."""

    attempts: dict[tuple[int, int], Run] = field(factory=dict)
    approvals: dict[int, list[dict[str, Any]]] = field(factory=dict)

    def put(self, told: Mapping[str, Any], default_sha: str) -> Run:
        """Adds a run's attempt or changes what is told of it; TypeError or ValueError for what can't be."""
        told = {**told}
        approvals = told.pop("approvals", None)
        key = (int(told["id"]), int(told.get("attempt", 1)))
        known = self.attempts.get(key)
        before = {name: getattr(known, name) for name in fields_dict(Run)} if known else {"sha": default_sha}
        if "actor" in told:
            told.setdefault("triggering_actor", told["actor"])
        if told.get("conclusion"):
            told.setdefault("status", "completed")
        run = Run(**{**before, **told})
        if run.status == "completed" and not run.conclusion:
            raise ValueError("a completed run has a conclusion")
        self.attempts[key] = run
        if approvals is not None:
            self.approvals[run.id] = []
            self.approve(run.id, approvals)
        return run

    def approve(self, run_id: int, told: list[dict[str, Any]] | dict[str, Any]) -> None:
        """Adds one approval or several."""
        for approval in told if isinstance(told, list) else [told]:
            given = {"state": "approved", "comment": "", **approval}
            if given["state"] not in _STATES or set(given) != {"environments", "state", "user", "comment"}:
                raise ValueError(f"an approval has environments, state {sorted(_STATES)}, user, comment: {given}")
            self.approvals.setdefault(run_id, []).append(given)

    def find(self, run_id: int, attempt: int | None = None) -> Run | None:
        """One attempt, the latest unless told which."""
        if attempt is not None:
            return self.attempts.get((run_id, attempt))
        return max(self._of(run_id), key=lambda run: run.attempt, default=None)

    def latest(self) -> list[Run]:
        """The latest attempt of every run, newest first."""
        found = [run for run_id in {key[0] for key in self.attempts} if (run := self.find(run_id))]
        return sorted(found, key=lambda run: (run.created_at, run.number, run.id), reverse=True)

    def reviews(self, run_id: int, api: str) -> list[dict[str, Any]]:
        """A run's approvals as the API gives them."""
        return [
            {
                "environments": [reference(name, api) for name in approval["environments"]],
                "state": approval["state"],
                "user": user(approval["user"], api),
                "comment": approval["comment"],
            }
            for approval in self.approvals.get(run_id, ())
        ]

    def _of(self, run_id: int) -> list[Run]:
        return [run for key, run in self.attempts.items() if key[0] == run_id]

"""Environments: their protection, and the branches that may deploy."""

from collections.abc import Sequence
from typing import Any, Literal

from attrs import frozen

from tests.lab.doubles.github.names import DEFAULT_BRANCH, HTML, REPOSITORY, node_id, stable_id
from tests.lab.doubles.github.people import team, user

_AT = "2026-01-01T00:00:00Z"
Reviewer = str | dict[str, Any]


@frozen(kw_only=True)
class Environment:
    """One environment's settings; `branches`: patterns, only protected branches, or (None) any branch.

    `raw` is laid over the answer; a null in it takes the field away.
    """

    name: str
    reviewers: Sequence[Reviewer] = ()
    prevent_self_review: bool = False
    can_admins_bypass: bool = True
    wait_timer: int = 0
    branches: Sequence[str] | Literal["protected"] | None = None
    raw: dict[str, Any] | None = None

    def patterns(self) -> Sequence[str]:
        """The custom branch policies' patterns."""
        return self.branches if isinstance(self.branches, list | tuple) else ()

    def as_json(self, api: str) -> dict[str, Any]:
        """The environment as the API gives it."""
        return overlaid({**reference(self.name, api), **self._protection(api)}, self.raw)

    def _protection(self, api: str) -> dict[str, Any]:
        policy = {
            "protected_branches": self.branches == "protected",
            "custom_branch_policies": bool(self.patterns()),
        }
        return {
            "can_admins_bypass": self.can_admins_bypass,
            "protection_rules": self._rules(api),
            "deployment_branch_policy": None if self.branches is None else policy,
        }

    def _rules(self, api: str) -> list[dict[str, Any]]:
        rules: list[dict[str, Any]] = []
        if self.wait_timer:
            rules.append({"type": "wait_timer", "wait_timer": self.wait_timer})
        if self.reviewers:
            listed = [_reviewer(reviewer, api) for reviewer in self.reviewers]
            self_review = {"prevent_self_review": self.prevent_self_review}
            rules.append({"type": "required_reviewers", **self_review, "reviewers": listed})
        if self.branches is not None:
            rules.append({"type": "branch_policy"})
        return [{**_ids("GA", f"{self.name} {rule['type']}"), **rule} for rule in rules]


def defaults() -> dict[str, Environment]:
    """The four of the example system: prod and its approval guarded, test and sandbox open to master."""
    master = (DEFAULT_BRANCH,)
    opened = {name: Environment(name=name, branches=master) for name in ("test", "sandbox")}
    guarded = {
        name: Environment(
            name=name,
            reviewers=("bob", "carol"),
            prevent_self_review=True,
            can_admins_bypass=False,
            branches=master,
        )
        for name in ("prod-approval", "prod")
    }
    return opened | guarded


def reference(name: str, api: str) -> dict[str, Any]:
    """The environment without its protection, as an approval names it."""
    return {
        **_ids("EN", name),
        "name": name,
        "url": f"{api}/repos/{REPOSITORY}/environments/{name}",
        "html_url": f"{HTML}/deployments/activity_log?environments_filter={name}",
        "created_at": _AT,
        "updated_at": _AT,
    }


def branch_policy(pattern: str) -> dict[str, Any]:
    """One custom branch policy."""
    return {**_ids("GBP", pattern), "name": pattern, "type": "branch"}


def overlaid(answer: dict[str, Any], raw: dict[str, Any] | None) -> dict[str, Any]:
    """The answer with `raw` laid over it: for shapes that GitHub isn't known to give."""
    merged = {**answer, **(raw or {})}
    return {name: value for name, value in merged.items() if not (raw and name in raw and value is None)}


def _reviewer(reviewer: Reviewer, api: str) -> dict[str, Any]:
    if isinstance(reviewer, dict) and "team" in reviewer:
        return {"type": "Team", "reviewer": team(reviewer["team"], api)}
    return {"type": "User", "reviewer": user(reviewer, api)}


def _ids(kind: str, text: str) -> dict[str, Any]:
    return {"id": stable_id(text), "node_id": node_id(kind, text)}

"""GitHub's JSON, read once into small types. A needed field that is missing is unknown, never a guess. Pure.

Unknown fields and values are let through: GitHub adds them without a new API version.
"""

from __future__ import annotations

import datetime
from typing import Any, TypeVar

from promokit.errors import Unreachable
from promokit.github.types import Account, Commit, Comparison, EnvironmentSettings, Review, Run

T = TypeVar("T", str, int, dict[str, Any], list[Any])

MOST_COMMITS = 250


def read_run(document: object) -> Run:
    """A workflow run (schema workflow-run)."""
    run = needed_object(document, "workflow run")
    actor = run.get("triggering_actor")
    return Run(
        id=needed(run, "id", int),
        attempt=needed(run, "run_attempt", int),
        number=needed(run, "run_number", int),
        actor=_account(run.get("actor")),
        triggering_actor=_account(actor) if actor is not None else None,
        branch=_optional_text(run, "head_branch"),
        sha=needed(run, "head_sha", str),
        event=needed(run, "event", str),
        workflow_path=needed(run, "path", str).partition("@")[0],
        status=needed(run, "status", str),
        conclusion=_optional_text(run, "conclusion"),
        url=needed(run, "html_url", str),
        created_at=_moment(needed(run, "created_at", str)),
    )


def read_review(document: object) -> Review:
    """One review history entry (schema environment-approvals)."""
    review = needed_object(document, "review")
    environments = [needed_object(item, "environment") for item in needed(review, "environments", list)]
    return Review(
        state=needed(review, "state", str),
        user=_account(review.get("user")),
        environments=tuple(needed(item, "name", str) for item in environments),
        comment=_optional_text(review, "comment") or "",
    )


def read_environment(document: object) -> EnvironmentSettings:
    """An environment (schema environment); `can_admins_bypass` isn't in the schema, but in the answers."""
    environment = needed_object(document, "environment")
    rules = [needed_object(rule, "protection rule") for rule in needed(environment, "protection_rules", list)]
    required = [rule for rule in rules if rule.get("type") == "required_reviewers"]
    policy = _branch_policy(environment)
    return EnvironmentSettings(
        name=needed(environment, "name", str),
        required_reviewers=bool(required),
        reviewers=sum(len(needed(rule, "reviewers", list)) for rule in required),
        prevent_self_review=_optional_bool(required[0], "prevent_self_review") if required else None,
        admins_can_bypass=_optional_bool(environment, "can_admins_bypass"),
        protected_branches=_optional_bool(policy, "protected_branches"),
        custom_branch_policies=_optional_bool(policy, "custom_branch_policies"),
    )


def read_branch_policy(document: object) -> str:
    """The pattern; one for tags reads `refs/tags/PATTERN`, so that it is never taken for a branch."""
    policy = needed_object(document, "branch policy")
    name = needed(policy, "name", str)
    return f"refs/tags/{name}" if policy.get("type") == "tag" else name


def read_comparison(document: object, commits: list[object]) -> Comparison:
    """A comparison (schema commit-comparison), with the commits of all its pages."""
    comparison = needed_object(document, "comparison")
    return Comparison(
        status=needed(comparison, "status", str),
        ahead_by=needed(comparison, "ahead_by", int),
        behind_by=needed(comparison, "behind_by", int),
        commits=tuple(_commit(item) for item in commits[:MOST_COMMITS]),
        url=needed(comparison, "html_url", str),
    )


def needed_object(value: object, what: str) -> dict[str, Any]:
    """The JSON object that `value` must be."""
    if not isinstance(value, dict):
        raise _unknown(f"the {what}")
    return value


def needed_list(value: object, what: str) -> list[Any]:
    """The JSON array that `value` must be."""
    if not isinstance(value, list):
        raise _unknown(f"the {what}")
    return value


def needed(document: dict[str, Any], field: str, kind: type[T]) -> T:
    """The field, which must be there with this type; Unreachable if it isn't."""
    value = document.get(field)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _unknown(f"`{field}`")
    return value


def _account(value: object) -> Account:
    account = needed_object(value, "account")
    return Account(needed(account, "login", str), needed(account, "type", str), needed(account, "id", int))


def _commit(value: object) -> Commit:
    item = needed_object(value, "commit")
    commit = needed(item, "commit", dict)
    lines = needed(commit, "message", str).strip().splitlines()
    account, author = item.get("author"), commit.get("author")
    named = account if isinstance(account, dict) and account.get("login") else author
    name = (named.get("login") or named.get("name")) if isinstance(named, dict) else None
    return Commit(needed(item, "sha", str), lines[0] if lines else "", name if isinstance(name, str) else "")


def _branch_policy(environment: dict[str, Any]) -> dict[str, Any]:
    """`deployment_branch_policy: null` says that all branches may deploy; a missing one says nothing."""
    policy = environment.get("deployment_branch_policy", {})
    if policy is None:
        return {"protected_branches": False, "custom_branch_policies": False}
    return needed_object(policy, "branch policy")


def _moment(text: str) -> datetime.datetime:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise _unknown("`created_at`") from None
    if moment.tzinfo is None:
        raise _unknown("`created_at`")
    return moment.astimezone(datetime.UTC)


def _optional_text(document: dict[str, Any], field: str) -> str | None:
    value = document.get(field)
    return value if isinstance(value, str) else None


def _optional_bool(document: dict[str, Any], field: str) -> bool | None:
    value = document.get(field)
    return value if isinstance(value, bool) else None


def _unknown(what: str) -> Unreachable:
    return Unreachable(
        f"GitHub's answer doesn't tell {what}",
        remedy="try again; if it stays so, compare the API version of this GitHub",
    )

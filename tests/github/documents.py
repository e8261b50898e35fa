"""Answers of GitHub's REST API, small: the fields that promokit needs, and a few that it doesn't."""

from __future__ import annotations

from typing import Any

SHA = "c0ffee" + "0" * 34


def account(login: str = "alice", kind: str = "User", number: int = 1) -> dict[str, Any]:
    return {"login": login, "id": number, "type": kind, "site_admin": False, "node_id": "MDQ6VXNlcjE="}


def run(**more: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "name": "CI",
        "run_number": 12,
        "run_attempt": 1,
        "actor": account(),
        "triggering_actor": account("bob", number=2),
        "head_branch": "master",
        "head_sha": SHA,
        "event": "push",
        "path": ".github/workflows/ci.yaml@master",
        "status": "completed",
        "conclusion": "success",
        "html_url": "https://github.example/acme/credreg/actions/runs/7",
        "created_at": "2026-01-02T03:04:05Z",
        "something_new": {"x": 1},
        **more,
    }


def review(**more: Any) -> dict[str, Any]:
    environments = [{"id": 1, "name": "prod-approval"}, {"id": 2, "name": "prod"}]
    head = {"state": "approved", "comment": "Ship it", "user": account("bob", number=2)}
    return {**head, "environments": environments, **more}


def environment(**more: Any) -> dict[str, Any]:
    reviewers = [
        {"type": "User", "reviewer": account()},
        {"type": "Team", "reviewer": {"id": 1, "slug": "sre"}},
    ]
    rules = [
        {"id": 1, "type": "wait_timer", "wait_timer": 30},
        {"id": 2, "type": "required_reviewers", "prevent_self_review": True, "reviewers": reviewers},
        {"id": 3, "type": "branch_policy"},
    ]
    policy = {"protected_branches": False, "custom_branch_policies": True}
    head = {"id": 1, "name": "prod", "can_admins_bypass": False}
    return {**head, "protection_rules": rules, "deployment_branch_policy": policy, **more}


def commit(number: int, **more: Any) -> dict[str, Any]:
    told = {"message": f"Change {number}\n\nBecause.", "author": {"name": "Alice A.", "email": "a@b.example"}}
    return {"sha": f"{number:040x}", "commit": told, "author": account(), **more}


def comparison(*commits: dict[str, Any], **more: Any) -> dict[str, Any]:
    head = {"status": "ahead", "ahead_by": len(commits), "behind_by": 0, "total_commits": len(commits)}
    url = "https://github.example/acme/credreg/compare/a...b"
    return {**head, "html_url": url, "commits": list(commits), **more}

"""Environments of the GitHub double."""

from typing import Any

import pytest
import requests

from tests.doubles.control import control
from tests.doubles.github_client import get, told
from tests.lab.doubles.github import GitHubDouble

pytestmark = pytest.mark.program


def rules(environment: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["type"]: rule for rule in environment["protection_rules"]}


def test_the_four_environments_are_there(github: GitHubDouble) -> None:
    """test and sandbox without reviewers; prod and its approval with reviewers and no way around them."""
    found = {one["name"]: one for one in told(github, "/environments")["environments"]}
    assert set(found) == {"test", "sandbox", "prod-approval", "prod"}
    for name in ("test", "sandbox"):
        assert set(rules(found[name])) == {"branch_policy"}
    for name in ("prod-approval", "prod"):
        assert found[name] == told(github, f"/environments/{name}")
        assert found[name]["can_admins_bypass"] is False
        reviews = rules(found[name])["required_reviewers"]
        assert reviews["prevent_self_review"] is True
        assert [one["reviewer"]["login"] for one in reviews["reviewers"]] == ["bob", "carol"]


def test_only_master_deploys(github: GitHubDouble) -> None:
    """The custom branch policies of prod are the one branch."""
    assert told(github, "/environments/prod")["deployment_branch_policy"] == {
        "protected_branches": False,
        "custom_branch_policies": True,
    }
    policies = told(github, "/environments/prod/deployment-branch-policies")
    assert [one["name"] for one in policies["branch_policies"]] == ["master"]


def test_settings_can_be_changed(github: GitHubDouble) -> None:
    """Teams, wait timers, admins' bypass and protected branches are told in their places."""
    settings = {"reviewers": [{"team": "sre"}], "wait_timer": 30, "branches": "protected"}
    control(github, "PUT", "environments/prod", settings)
    found = told(github, "/environments/prod")
    assert found["can_admins_bypass"] is True
    assert found["deployment_branch_policy"]["protected_branches"] is True
    assert rules(found)["wait_timer"]["wait_timer"] == 30
    assert rules(found)["required_reviewers"]["prevent_self_review"] is False
    assert rules(found)["required_reviewers"]["reviewers"][0]["reviewer"]["slug"] == "sre"
    assert told(github, "/environments/prod/deployment-branch-policies")["total_count"] == 0


def test_any_branch_is_null(github: GitHubDouble) -> None:
    """An environment that every branch may deploy to has no branch policy at all."""
    control(github, "PUT", "environments/test", {})
    found = told(github, "/environments/test")
    assert (found["deployment_branch_policy"], found["protection_rules"]) == (None, [])


def test_an_absent_environment_is_not_found(github: GitHubDouble) -> None:
    """Deleted or never made: 404 for it and its policies; a reset brings the four back."""
    control(github, "DELETE", "environments/prod")
    for path in (
        "/environments/prod",
        "/environments/prod/deployment-branch-policies",
        "/environments/staging",
    ):
        assert get(github, path).status_code == 404
    control(github, "POST", "reset")
    assert get(github, "/environments/prod").status_code == 200


def test_an_unknown_setting_is_refused(github: GitHubDouble) -> None:
    """A misspelt setting of a control call doesn't pass for a set one."""
    with pytest.raises(requests.HTTPError, match="400"):
        control(github, "PUT", "environments/prod", {"reviewer": ["bob"]})

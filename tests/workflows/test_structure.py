"""The five workflows, read as data: environments, permissions, concurrency and all that act can't show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github/workflows"
NAMES = ("build", "deploy-test", "promote-sandbox", "promote-prod", "rollback")
PINS = {
    "actions/upload-artifact": ("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "aws-actions/amazon-ecr-login": ("03f1aad4c6c7ffd436567f42f9384779290529bd", "v2.1.7"),
    "aws-actions/configure-aws-credentials": ("e6de054238d6b7531b4efff3b6587d9aade6a06c", "v6.2.3"),
    "docker/build-push-action": ("53b7df96c91f9c12dcc8a07bcb9ccacbed38856a", "v7.3.0"),
    "docker/setup-buildx-action": ("37fe631027851001ddb9b187196cc803df7f5f0e", "v4.3.0"),
}
DEPLOYING = {
    "deploy-test": ("deploy", "test", "promokit-test"),
    "promote-sandbox": ("promote", "sandbox", "promokit-sandbox"),
    "promote-prod": ("deploy", "prod", "promokit-prod"),
    "rollback": ("rollback", "${{ inputs.environment }}", "promokit-rollback-${{ inputs.environment }}"),
}
"""The job that changes an environment: its id, its GitHub environment, its concurrency group."""

each = pytest.mark.parametrize("name", NAMES)
each_deploying = pytest.mark.parametrize("name", sorted(DEPLOYING))


@cache
def workflow(name: str) -> dict[Any, Any]:
    """The workflow; YAML 1.1 reads the key `on` as true."""
    loaded: dict[Any, Any] = yaml.safe_load((WORKFLOWS / f"{name}.yaml").read_text())
    return {("on" if key is True else key): value for key, value in loaded.items()}


def jobs(name: str) -> dict[str, Any]:
    """The workflow's jobs."""
    found: dict[str, Any] = workflow(name)["jobs"]
    return found


@cache
def action(path: str) -> dict[str, Any]:
    """An action's definition, by its path in the checkout."""
    found: dict[str, Any] = yaml.safe_load((ROOT / path / "action.yml").read_text())
    return found


def steps(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every step with its job's id."""
    for job, meant in jobs(name).items():
        for step in meant.get("steps", []):
            yield job, step


def test_the_workflows_are_these_five() -> None:
    """Besides the five there is only the repository's own CI."""
    assert sorted(path.name for path in WORKFLOWS.iterdir()) == sorted(f"{name}.yaml" for name in (*NAMES, "ci"))


def test_triggers() -> None:
    """Only build runs by itself, on master; promotions take no input; TEST and a rollback take a tag."""
    on = {name: workflow(name)["on"] for name in NAMES}
    assert on["build"] == {"push": {"branches": ["master"]}, "workflow_dispatch": None}
    assert set(on["deploy-test"]) == {"workflow_call", "workflow_dispatch"}
    assert set(on["deploy-test"]["workflow_call"]["inputs"]) == {"tag", "only-newer"}
    assert set(on["deploy-test"]["workflow_dispatch"]["inputs"]) == {"tag"}
    assert on["promote-sandbox"] == on["promote-prod"] == {"workflow_dispatch": None}
    asked = on["rollback"]["workflow_dispatch"]["inputs"]
    assert asked["environment"]["options"] == ["test", "sandbox", "prod"]
    assert set(asked) == {"environment", "tag", "reason", "no-hold", "whole"}
    assert not any(asked[name].get("required") for name in asked if name != "environment")


@each
def test_no_permission_by_default(name: str) -> None:
    """The workflow grants nothing; each job says what it needs."""
    assert workflow(name)["permissions"] == {}
    assert all("permissions" in job for job in jobs(name).values())


@each
def test_least_permissions(name: str) -> None:
    """Nothing writes to GitHub, and only a job that takes an AWS role may ask for an OIDC token."""
    for id, job in jobs(name).items():
        allowed = {"contents": "read", "actions": "read", "id-token": "write"}
        assert job["permissions"].items() <= allowed.items(), id
        takes_role = any("configure-aws-credentials" in step.get("uses", "") for step in job.get("steps", []))
        assert ("id-token" in job["permissions"]) == (takes_role or "uses" in job), id


@each_deploying
def test_the_deploying_job(name: str) -> None:
    """It alone is in the environment and in the environment's group, and is never cancelled in progress."""
    id, environment, group = DEPLOYING[name]
    job = jobs(name)[id]
    assert job["environment"] == environment
    assert job["concurrency"] == {"group": group, "cancel-in-progress": False}
    others = {other: it for other, it in jobs(name).items() if other != id}
    assert not any("concurrency" in it for it in others.values())
    assert {other for other, it in others.items() if "environment" in it} <= {"approval"}
    assert "concurrency" not in workflow(name)


@each
def test_one_role_for_one_job(name: str) -> None:
    """Each job takes the role of what it does: only a job in an environment takes that environment's role."""
    for id, step in steps(name):
        if "configure-aws-credentials" not in step.get("uses", ""):
            continue
        job = jobs(name)[id]
        role = job.get("environment") or {"build": "build", "plan": "plan"}[id]
        assert step["with"] == {
            "role-to-assume": f"arn:aws:iam::123456789012:role/promokit-{role}",
            "aws-region": "us-east-1",
        }


def test_prod_needs_two_approvals() -> None:
    """The plan comes first, then a job in prod-approval; the job with the credentials is itself in prod."""
    found = jobs("promote-prod")
    assert found["approval"]["environment"] == "prod-approval"
    assert found["approval"]["permissions"] == {}
    assert found["approval"]["needs"] == "plan"
    assert found["deploy"]["needs"] == ["plan", "approval"]
    assert "environment" not in found["plan"]
    assert "if" not in found["deploy"]


@each_deploying
def test_reports_whatever_happens(name: str) -> None:
    """A job that always runs after the others tells Slack, and knows how each of them ended."""
    report = jobs(name)["report"]
    needs = [report["needs"]] if isinstance(report["needs"], str) else report["needs"]
    assert report["if"] == "always()"
    assert set(needs) == set(jobs(name)) - {"report"}
    outcome = report["steps"][-1]["with"]["outcome"]
    assert all(f"needs.{job}.result" in outcome for job in needs)


def test_a_declined_approval_is_told_as_declined() -> None:
    """A job that fails before its first step was declined: only a deploy job that began can have failed."""
    found = jobs("promote-prod")
    assert found["deploy"]["outputs"]["begun"] == f"${{{{ steps.{found['deploy']['steps'][0]['id']}.conclusion }}}}"
    outcome = found["report"]["steps"][-1]["with"]["outcome"]
    assert "needs.approval.result == 'failure' && 'declined'" in outcome
    assert "needs.deploy.result == 'failure' && !needs.deploy.outputs.begun && 'declined'" in outcome


def test_build_reports_itself_and_not_test() -> None:
    """A build's message doesn't wait for TEST, which has one of its own."""
    found = jobs("build")
    assert (found["report"]["needs"], found["report"]["if"]) == ("build", "always()")
    assert found["test"]["needs"] == "build"
    assert found["test"]["with"]["only-newer"] is True
    assert found["test"]["secrets"] == {"SLACK_BOT_TOKEN": "${{ secrets.SLACK_BOT_TOKEN }}"}


def test_build_refuses_other_branches_before_anything_else() -> None:
    """Its first step ends a build of another ref than master with exit code 3."""
    first = jobs("build")["build"]["steps"][0]
    assert first["if"] == "github.ref != 'refs/heads/master'"
    assert first["run"].rstrip().endswith("exit 3")


def test_build_compiles_and_pushes_only_what_is_not_built() -> None:
    """The steps that make the image run only if the commit has none."""
    found = jobs("build")["build"]["steps"]
    after = found[[step.get("id") for step in found].index("tag") + 1 :]
    assert [step.get("if") for step in after] == ["steps.tag.outputs.built == 'false'"] * 3


@each
def test_migration_is_on_either_side_of_the_rollout(name: str) -> None:
    """The migration runs before or after the rollout as the plan says; a rollback has none."""
    used = [(step["uses"], step.get("if")) for _, step in steps(name) if step.get("uses", "").startswith("./actions/")]
    actions = [it.removeprefix("./actions/") for it, _ in used]
    if "rollout" not in actions:
        assert "migrate" not in actions
        return
    at = actions.index("rollout")
    assert (actions[at - 1], actions[at + 1]) == ("migrate", "migrate")
    assert str(used[at - 1][1]).endswith("outputs.migrate == 'before'")
    assert str(used[at + 1][1]).endswith("outputs.migrate == 'after'")
    assert used[at][1] is None


@each
def test_pinned(name: str) -> None:
    """Other people's actions are pinned by a known commit, the version beside it; ours are the checkout's."""
    for line in (WORKFLOWS / f"{name}.yaml").read_text().splitlines():
        if not (used := re.search(r"uses: (\S+)(?: # (\S+))?$", line)):
            continue
        action, _, commit = used[1].partition("@")
        if action.startswith("./"):
            assert (ROOT / action).exists(), line
        else:
            assert (commit, used[2]) == PINS[action], line


@each
def test_checkout_keeps_no_credentials(name: str) -> None:
    """The token is not left in the checkout's git settings, and the tree is the run's own commit."""
    found = [step for _, step in steps(name) if step.get("uses", "").startswith("actions/checkout@")]
    assert found
    assert all(step["with"] == {"persist-credentials": False} for step in found)


@each
def test_no_expression_in_a_script(name: str) -> None:
    """What somebody typed reaches a script only as an environment variable."""
    assert not [step for _, step in steps(name) if "${{" in step.get("run", "")]


@each
def test_actions_get_only_inputs_that_they_have(name: str) -> None:
    """A step's `with` names inputs of the action, and every required one."""
    for _, step in steps(name):
        if not step.get("uses", "").startswith("./actions/"):
            continue
        inputs = action(step["uses"])["inputs"]
        required = {key for key, meant in inputs.items() if meant.get("required")}
        assert required <= set(step.get("with", {})) <= set(inputs), step


@each
def test_outputs_that_are_read_exist(name: str) -> None:
    """Each steps.ID.outputs.NAME is one of that step's action, each needs.JOB.outputs.NAME of that job."""
    text = (WORKFLOWS / f"{name}.yaml").read_text()
    found = {step["id"]: step["uses"] for _, step in steps(name) if "uses" in step and "id" in step}
    for id, output in re.findall(r"steps\.([\w-]+)\.outputs\.([\w-]+)", text):
        if found.get(id, "").startswith("./actions/"):
            assert output in action(found[id])["outputs"], (id, output)
    for job, output in re.findall(r"needs\.([\w-]+)\.outputs\.([\w-]+)", text):
        assert output in jobs(name)[job]["outputs"], (job, output)


@each
def test_every_job_has_a_time_limit(name: str) -> None:
    """A job that hangs ends; a called workflow's jobs have their own limit."""
    assert all("timeout-minutes" in job for job in jobs(name).values() if "uses" not in job)


@each
def test_secrets_reach_only_slack(name: str) -> None:
    """The one secret is Slack's token, for the step that posts; there are no long-lived keys."""
    text = (WORKFLOWS / f"{name}.yaml").read_text()
    assert set(re.findall(r"secrets\.(\w+)", text)) == {"SLACK_BOT_TOKEN"}
    holders = [step["uses"] for _, step in steps(name) if "secrets." in str(step)]
    assert holders == ["./actions/notify"]


@each
def test_short_enough_to_read(name: str) -> None:
    """A workflow fits on two screens."""
    assert len((WORKFLOWS / f"{name}.yaml").read_text().splitlines()) <= 135


@pytest.mark.parametrize("name", DEPLOYING)
def test_the_recording_is_kept_and_its_loss_stops_nothing(name: str) -> None:
    """The last step uploads it, whatever happened before; artifacts that can't be stored don't fail a deployment."""
    step = jobs(name)[DEPLOYING[name][0]]["steps"][-1]
    assert step["uses"].startswith("actions/upload-artifact@")
    assert step["if"].startswith("always()")
    assert step["continue-on-error"] is True
    assert step["with"]["path"].endswith(".outputs.recording }}")

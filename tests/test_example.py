"""The example's own promises: how it's built, and how far a feature branch may go."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
import yaml

from tests.manifests import ROOT

CREDREG = ROOT / "examples" / "credreg"


def workflow(path: str) -> Any:
    """A workflow's content; its triggers are under the key True, as YAML 1.1 reads `on`."""
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def steps_that_use(job: Any, action: str) -> list[Any]:
    return [step for step in job["steps"] if step.get("uses", "").startswith(f"{action}@")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"VERSION": "latest"},
        {"VERSION": "2026.01.01.1"},
        {"VERSION": "dev -X x=y"},
        {"REVISION": "main"},
        {"REVISION": "3d3c42e"},
    ],
)
def test_build_refuses_what_is_no_tag(wrong: dict[str, str]) -> None:
    """The build script takes release tags and whole commits alone; it compiles nothing otherwise."""
    ended = subprocess.run(
        [CREDREG / "build"],
        env={"PATH": "/usr/bin:/bin", **wrong},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "Remedy:" in ended.stderr


def test_image_is_small_and_not_root() -> None:
    """The image is made of the compiled programs alone, runs as nobody, and says which commit it is."""
    lines = (CREDREG / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert "FROM scratch" in lines
    assert "USER 65532:65532" in lines
    assert any('org.opencontainers.image.revision="${REVISION}"' in line for line in lines)


def test_a_feature_branch_is_shown_when_a_person_asks() -> None:
    """Nothing but a dispatch starts the feature workflow, and master isn't a feature branch."""
    feature = workflow("examples/feature-branch.yaml")
    assert list(feature[True]) == ["workflow_dispatch"]
    assert feature["jobs"]["build"]["if"] == "github.ref != 'refs/heads/master'"


def test_a_feature_branch_goes_to_test_and_no_further() -> None:
    """Its image goes to the branches' repository, by a role for that, and runs in TEST alone."""
    jobs = workflow("examples/feature-branch.yaml")["jobs"]
    [push] = steps_that_use(jobs["build"], "docker/build-push-action")
    assert push["with"]["tags"].endswith("/registry-branches:${{ github.sha }}")
    roles = [
        step["with"]["role-to-assume"].rpartition("/")[2]
        for job in jobs.values()
        for step in steps_that_use(job, "aws-actions/configure-aws-credentials")
    ]
    assert roles == ["promokit-build-branches", "promokit-test"]
    for action in ("plan", "rollout"):
        [step] = steps_that_use(jobs["deploy"], f"acme/promokit/actions/{action}")
        assert step["with"]["environment"] == "test"


def test_only_test_takes_feature_images() -> None:
    """The branches' repository is allowed under test, and no environment that promotes names it."""
    environments = yaml.safe_load((ROOT / "promokit.yaml").read_text(encoding="utf-8"))["environments"]
    assert [name for name, settings in environments.items() if "also-from" in settings] == ["test"]


def test_ci_may_read_and_no_more() -> None:
    """CI runs foreign code from pull requests: it has no secret, no write permission, no OIDC token."""
    path = ".github/workflows/ci.yaml"
    [job] = workflow(path)["jobs"].values()
    assert workflow(path)["permissions"] == {}
    assert job["permissions"] == {"contents": "read"}
    assert "secrets." not in (ROOT / path).read_text(encoding="utf-8")
    assert "pull_request_target" not in workflow(path)[True]

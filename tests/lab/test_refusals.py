"""What must not move doesn't: each refusal is exit 3, names its gate, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab import control, seed
from tests.lab.act import ActRun
from tests.lab.commands import kubectl
from tests.lab.images import build_commit
from tests.lab.scenario import Story, environment, versions
from tests.lab.state import Lab

pytestmark = pytest.mark.lab
NAMES = ("test", "sandbox", "prod")


@pytest.fixture(scope="module")
def story(lab: Lab) -> Story:
    """TEST and SANDBOX run a first release, PROD none: what a promotion of it to PROD needs is people."""
    seed.reset()
    story = Story(next_run=7001)
    for done in (story.build(story.merge("Release one", {})), story.start("promote-sandbox.yaml")):
        assert done.exit_code == 0, done.log[-3000:]
    return story


def refuse(story: Story, gate: str, words: str, workflow: str, **facts: Any) -> None:
    """Run a workflow that must be refused by a gate, with exit code 3, and must leave everything as it was."""
    before = {name: versions(name) for name in NAMES}
    done = story.start(workflow, **facts)
    assert done.exit_code != 0, f"it wasn't refused:\n{done.log[-3000:]}"
    assert 3 in _exit_codes(done), done.log[-3000:]
    told = "\n".join([*done.summaries.values(), done.log])
    assert gate in told, done.log[-3000:]
    assert words in told, done.log[-3000:]
    assert {name: versions(name) for name in NAMES} == before


def _exit_codes(done: ActRun) -> set[int]:
    return {code for job in done.jobs.values() for code in job.exit_codes}


def test_what_already_runs(story: Story) -> None:
    """Promoting what SANDBOX runs already is refused by differs."""
    refuse(story, "differs", "sandbox runs this digest already", "promote-sandbox.yaml")


def test_a_moving_tag(story: Story) -> None:
    """A tag such as latest is refused by origin."""
    refuse(story, "origin", "not an immutable tag", "deploy-test.yaml", inputs={"tag": "latest"})


def test_one_approval_short(story: Story) -> None:
    """PROD needs two people: one approval is refused by approvals."""
    refuse(story, "approvals", "2 approvals", "promote-prod.yaml", approvals={"prod-approval": "bob"})


def test_one_person_twice(story: Story) -> None:
    """The same person can't give both approvals."""
    same = {"prod-approval": "bob", "prod": "bob"}
    refuse(story, "approvals", "2 approvals", "promote-prod.yaml", approvals=same)


def test_the_requester_approves(story: Story) -> None:
    """Who started the promotion can't approve it."""
    own = {"prod-approval": "alice", "prod": "bob"}
    refuse(story, "approvals", "not by who started it", "promote-prod.yaml", approvals=own, actor="alice")


def test_a_second_attempt(story: Story) -> None:
    """Approvals of an earlier attempt would count: a re-run is refused."""
    both = {"prod-approval": "bob", "prod": "carol"}
    refuse(story, "approvals", "attempt 2", "promote-prod.yaml", approvals=both, attempt=2)


def test_another_branch(story: Story) -> None:
    """A dispatch from another branch than master is refused, whatever its workflow files say."""
    story.merge("Something else", {}, branch="feature")
    refuse(story, "origin", "not of master", "promote-prod.yaml", ref="feature")


def test_a_feature_branch(story: Story) -> None:
    """An image of the repository for branches runs in TEST at most: origin refuses to promote it."""
    _deploy_branch(story, "registry-branches")
    refuse(story, "origin", "registry-branches isn't allowed in sandbox", "promote-sandbox.yaml")


def test_a_commit_that_is_not_on_master(story: Story) -> None:
    """An image in the repository of releases, with both tags, whose commit isn't on master: origin refuses it."""
    sha = _deploy_branch(story, "registry", "2026.11.24.7777")
    refuse(story, "origin", f"commit {sha[:10]} is not on master", "promote-sandbox.yaml")


def test_an_unhealthy_source(story: Story) -> None:
    """A TEST whose pods aren't Ready is refused by healthy."""
    done = story.build(story.merge("Release two", {}))
    assert done.exit_code == 0, done.log[-3000:]
    where = environment("test")
    pods = ("--namespace", where.namespace, "pods", "--selector", "app.kubernetes.io/name=main-app")
    patch = '{"data": {"FAIL_HEALTH": "true"}}'
    kubectl(where.cluster.kubeconfig, "patch", "configmap", "main-app-config", "-n", where.namespace, "-p", patch)
    kubectl(where.cluster.kubeconfig, "delete", "--wait=false", *pods)
    kubectl(where.cluster.kubeconfig, "wait", "--for=condition=Ready=false", "--timeout=30s", *pods)
    refuse(story, "healthy", "main-app", "promote-sandbox.yaml")


def _deploy_branch(story: Story, repository: str, *tags: str) -> str:
    """Build a branch's commit into a repository without a workflow, deploy it to TEST, and return the commit."""
    sha = story.merge("A feature", {"examples/credreg/feature.txt": f"{repository}\n"}, branch="feature")
    control.add_ci_run(sha, story.next_run + 10_000)
    build_commit(sha, repository, *tags)
    deployed = story.start("deploy-test.yaml", inputs={"tag": (*tags, sha)[0]})
    assert deployed.exit_code == 0, deployed.log[-3000:]
    return sha

"""What must not move doesn't: each refusal is exit 3, names its gate, and changes nothing."""

from __future__ import annotations

import html
from collections.abc import Set
from typing import Any

import pytest

from tests.lab import control, seed
from tests.lab.commands import kubectl
from tests.lab.images import build_commit
from tests.lab.scenario import Story, environment, registry_tags, versions
from tests.lab.spoiling import changed_by_hand, configured, held, on_two_architectures
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


def refuse(
    story: Story, gate: str, fact: str, remedy: str, workflow: str, also: Set[str] = frozenset(), **facts: Any
) -> None:
    """Run a workflow that must be refused by a gate, with exit code 3, and must leave everything as it was.

    The summary of a job must have the gate's row, with the fact and the remedy; every gate that isn't refused has one.
    """
    before = {name: versions(name) for name in NAMES}
    done = story.start(workflow, **facts)
    assert done.exit_code != 0, f"it wasn't refused:\n{done.log[-3000:]}"
    assert 3 in {code for job in done.jobs.values() for code in job.exit_codes}, done.log[-3000:]
    assert {name: versions(name) for name in NAMES} == before
    rows = [row for summary in done.summaries.values() for row in _rows(summary)]
    assert len({row[0] for row in rows}) >= 4, rows
    refused = [row for row in rows if row[1] == "refused"]
    assert {row[0] for row in refused} == {gate} | also, rows
    assert any(fact in row[2] and remedy in row[3] for row in refused), refused


def _rows(summary: str) -> list[list[str]]:
    """The rows of four cells in a summary, as people read them."""
    lines = [line.split("|")[1:-1] for line in summary.splitlines() if line.startswith("| ")]
    return [[html.unescape(cell).replace("\u2060", "").strip() for cell in line] for line in lines if len(line) == 4]


def test_what_already_runs(story: Story) -> None:
    """Promoting what SANDBOX runs already is refused by differs."""
    refuse(story, "differs", "sandbox runs this digest already", "nothing is to be done", "promote-sandbox.yaml")


def test_a_moving_tag(story: Story) -> None:
    """A tag such as latest is refused by origin."""
    words = ("not an immutable tag", "YYYY.MM.DD.NNNN")
    refuse(story, "origin", *words, "deploy-test.yaml", inputs={"tag": "latest"})


def test_a_commit_whose_ci_failed(story: Story) -> None:
    """CI that was run again for the commit of a build, and failed: ci refuses to deploy it."""
    release, sha = sorted(registry_tags(), key=len)
    control.add_ci_run(sha, story.next_run + 20_000, conclusion="failure")
    refuse(story, "ci", "ci.yaml ended with failure", "mend it", "deploy-test.yaml", inputs={"tag": release})
    control.add_ci_run(sha, story.next_run + 20_001)


def test_a_bake_that_is_too_short(story: Story) -> None:
    """What SANDBOX hasn't run for long enough is refused by bake."""
    with configured(story, bake="9999d"):
        refuse(story, "bake", "of 9999d00h in sandbox", "wait until", "promote-prod.yaml")


def test_a_freeze(story: Story) -> None:
    """A promotion within a window of PROD is refused by freeze, with the command that lets this digest through."""
    with configured(story, freeze={"dates": "2000-01-01 to 2999-12-31"}):
        words = ("frozen until 3000-01-01", "promokit override prod freeze sha256:")
        refuse(story, "freeze", *words, "promote-prod.yaml")


def test_a_hold(story: Story) -> None:
    """A digest that somebody holds in PROD is refused by hold, with the command that releases it."""
    before = len(_calls())
    with held():
        refuse(story, "hold", "it lost money", "promokit hold --release prod sha256:", "promote-prod.yaml")
    assert 0 < len(_calls()) - before <= 12


def test_a_node_of_another_architecture(story: Story) -> None:
    """An image that not every node of the target could run is refused by platform."""
    with on_two_architectures():
        refuse(story, "platform", "lacks linux/s390x", "build it for that platform", "promote-prod.yaml")


def test_a_change_by_hand(story: Story) -> None:
    """A PROD that isn't set to what its ledger says is refused by drift, with the command that takes it over."""
    with changed_by_hand():
        refuse(story, "drift", "worker-app/worker is set to", "promokit adopt prod", "promote-prod.yaml")


ELSE = "have somebody else approve"


def test_one_approval_short(story: Story) -> None:
    """PROD needs two people: one approval is refused by approvals."""
    refuse(story, "approvals", "2 approvals", ELSE, "promote-prod.yaml", approvals={"prod-approval": "bob"})


def test_one_person_twice(story: Story) -> None:
    """The same person can't give both approvals."""
    same = {"prod-approval": "bob", "prod": "bob"}
    refuse(story, "approvals", "2 approvals", ELSE, "promote-prod.yaml", approvals=same)


def test_the_requester_approves(story: Story) -> None:
    """Who started the promotion can't approve it."""
    own = {"prod-approval": "alice", "prod": "bob"}
    refuse(story, "approvals", "not by who started it", ELSE, "promote-prod.yaml", approvals=own, actor="alice")


def test_a_second_attempt(story: Story) -> None:
    """Approvals of an earlier attempt would count: a re-run is refused."""
    both = {"prod-approval": "bob", "prod": "carol"}
    refuse(story, "approvals", "attempt 2", "start a new promotion", "promote-prod.yaml", approvals=both, attempt=2)


def test_another_branch(story: Story) -> None:
    """A dispatch from another branch than master is refused, whatever its workflow files say."""
    story.merge("Something else", {}, branch="feature")
    words = ("not of master", "run the workflow from master")
    refuse(story, "origin", *words, "promote-prod.yaml", ref="feature", also={"approvals"})


def test_a_feature_branch(story: Story) -> None:
    """An image of the repository for branches runs in TEST at most: origin refuses to promote it."""
    _deploy_branch(story, "registry-branches")
    words = ("registry-branches isn't allowed in sandbox", "build.yaml")
    refuse(story, "origin", *words, "promote-sandbox.yaml")


def test_a_commit_that_is_not_on_master(story: Story) -> None:
    """An image in the repository of releases, with both tags, whose commit isn't on master: origin refuses it."""
    sha = _deploy_branch(story, "registry", "2026.11.24.7777")
    words = (f"commit {sha[:10]} is not on master", "merge it to master first")
    refuse(story, "origin", *words, "promote-sandbox.yaml")


def test_an_unhealthy_source(story: Story) -> None:
    """A TEST whose pods aren't Ready is refused by healthy."""
    done = story.build(story.merge("Release two", {}))
    assert done.exit_code == 0, done.log[-3000:]
    where = environment("test")
    pods = ("--namespace", where.namespace, "pods", "--selector", "app.kubernetes.io/name=main-app")
    patch = '{"data": {"FAIL_HEALTH": "true"}}'
    kubectl(where.cluster.kubeconfig, "patch", "configmap", "main-app-config", "-n", where.namespace, "-p", patch)
    kubectl(where.cluster.kubeconfig, "delete", "--timeout=60s", *pods)  # gone; those made instead are never Ready
    refuse(story, "healthy", "main-app", "make test healthy first", "promote-sandbox.yaml")


def _calls() -> list[dict[str, Any]]:
    """What GitHub was asked: a plan for PROD costs at most 12 calls."""
    calls: list[dict[str, Any]] = control.call("GET", f"{control.GITHUB}/_lab/calls")["calls"]
    return calls


def _deploy_branch(story: Story, repository: str, *tags: str) -> str:
    """Build a branch's commit into a repository without a workflow, deploy it to TEST, and return the commit."""
    sha = story.merge("A feature", {"examples/credreg/feature.txt": f"{repository}\n"}, branch="feature")
    control.add_ci_run(sha, story.next_run + 10_000)
    build_commit(sha, repository, *tags)
    deployed = story.start("deploy-test.yaml", inputs={"tag": (*tags, sha)[0]})
    assert deployed.exit_code == 0, deployed.log[-3000:]
    return sha

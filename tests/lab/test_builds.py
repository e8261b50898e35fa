"""Building once: a commit that is built isn't built again, tags stay what they are, an old build changes nothing."""

from __future__ import annotations

import signal
import threading
import time

import pytest
from attrs import frozen

from tests.lab import act, control, seed
from tests.lab.scenario import Story, registry_tags, running, versions
from tests.lab.state import Lab

pytestmark = pytest.mark.lab


@frozen
class Built:
    """Two merges, built in their order; TEST runs the second."""

    story: Story
    first: str
    second: str


@pytest.fixture(scope="module")
def built(lab: Lab) -> Built:
    """Build two merges."""
    seed.reset()
    story = Story(next_run=8001)
    shas = [story.merge("Release one", {}), story.merge("Release two", {})]
    for sha in shas:
        done = story.build(sha)
        assert done.exit_code == 0, done.log[-3000:]
    return Built(story, *shas)


def test_a_run_again_gives_the_same_tags_and_builds_nothing(built: Built) -> None:
    """Building a built commit again keeps its tags and digest, and what TEST runs."""
    before = (registry_tags(), running("test"))
    done = built.story.build(built.second)
    assert done.exit_code == 0, done.log[-3000:]
    assert "built already" in done.log
    assert (registry_tags(), running("test")) == before


def test_an_older_build_changes_nothing(built: Built) -> None:
    """A build that is older than what TEST runs ends well, told as already-newer, without a change."""
    before = (registry_tags(), versions("test"))
    done = built.story.build(built.first)
    assert done.exit_code == 0, done.log[-3000:]
    assert "already-newer" in done.log
    assert (registry_tags(), versions("test")) == before
    assert "keeps a newer image" in str(control.slack_messages()[-1])


def test_another_branch_is_not_built(built: Built) -> None:
    """A manual rebuild of any ref but master is refused with exit 3, told in Slack, and pushes nothing."""
    before = registry_tags()
    built.story.merge("Not for master", {}, branch="feature")
    done = built.story.start("build.yaml", ref="feature")
    assert done.exit_code != 0
    assert 3 in done.jobs["Build"].exit_codes
    assert registry_tags() == before
    assert "refused" in str(control.slack_messages()[-1])


def test_ci_that_failed_keeps_test_as_it_is(built: Built) -> None:
    """A commit whose CI failed is built, and refused by the ci gate before TEST changes."""
    sha = built.story.merge("Broken", {}, ci="failure")
    before = versions("test")
    done = built.story.build(sha)
    assert 3 in done.jobs["TEST/Deploy"].exit_codes, done.log[-3000:]
    assert "ci.yaml ended with failure" in done.log
    assert versions("test") == before
    assert "refused" in str(control.slack_messages()[-1])


def test_a_cancelled_deploy_is_told_and_recorded(built: Built) -> None:
    """A deploy stopped in the middle ends as cancelled in Slack and in the ledger, and the next one converges."""
    release = next(tag for tag, digest in registry_tags().items() if len(tag) < 40 and digest == _digest(built.first))
    dispatch = act.Dispatch(workflow="deploy-test.yaml", inputs={"tag": release}, run_id=8900, run_number=8900)
    with act.started(dispatch, built.story.lab) as under_way:
        threading.Thread(target=_interrupt_rollout, args=(under_way,), daemon=True).start()
        under_way.wait()
    assert "cancelled" in str(control.slack_messages()[-1])
    again = built.story.start("deploy-test.yaml", inputs={"tag": release})
    assert again.exit_code == 0, again.log[-3000:]
    assert running("test").image_ids["main-app"] == {f"{_repository()}@{_digest(built.first)}"}


def _interrupt_rollout(under_way: act.Running) -> None:
    """Signal the step as GitHub's runner does, once the Deployment's image has been changed."""
    before = running("test").spec["main-app"]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if running("test").spec["main-app"] != before:
            under_way.interrupt(signal.SIGINT)
            return
        time.sleep(0.2)


def _digest(sha: str) -> str:
    return registry_tags()[sha]


def _repository() -> str:
    return running("test").spec["main-app"].partition(":")[0]

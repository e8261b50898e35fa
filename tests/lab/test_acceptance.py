"""The model end to end, by the five workflows as committed, asserted on the real parts."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from attrs import define, field

from tests.lab import control, seed
from tests.lab.act import ActRun
from tests.lab.demo import SECOND_MIGRATION, TWO_APPROVALS
from tests.lab.scenario import REPOSITORY, Running, Story, registry_tags, running, schema
from tests.lab.state import Lab

pytestmark = pytest.mark.lab
NAMES = ("test", "sandbox", "prod")


@define
class Told:
    """What the story came to, and how the world stood after each of its parts."""

    first: str = ""
    second: str = ""
    runs: dict[str, ActRun] = field(factory=dict)
    running: dict[str, dict[str, Running]] = field(factory=dict)
    schema: dict[str, dict[str, list[str]]] = field(factory=dict)
    tags: dict[str, str] = field(factory=dict)
    messages: list[dict[str, Any]] = field(factory=list)

    def note(self, moment: str) -> None:
        self.running[moment] = {name: running(name) for name in NAMES}
        self.schema[moment] = {name: schema(name) for name in NAMES}


@pytest.fixture(scope="module")
def told(lab: Lab) -> Told:
    """Tell the story once: two releases all the way, then PROD back."""
    seed.reset()
    control.call("POST", f"{control.SLACK}/_lab/reset")
    story, told = Story(), Told()
    told.first = story.merge("Release one", {})
    _release(story, told, "first", told.first)
    told.messages = control.slack_messages()
    told.second = story.merge("Release two", SECOND_MIGRATION)
    _release(story, told, "second", told.second)
    told.runs["rollback"] = story.start("rollback.yaml", inputs={"environment": "prod"}, actor="dora")
    told.note("rollback")
    told.tags = registry_tags()
    return told


def _release(story: Story, told: Told, name: str, sha: str) -> None:
    told.runs[f"{name} build"] = story.build(sha)
    told.runs[f"{name} sandbox"] = story.start("promote-sandbox.yaml")
    told.runs[f"{name} prod"] = story.start("promote-prod.yaml", approvals=TWO_APPROVALS)
    told.note(name)


def test_every_workflow_succeeds(told: Told) -> None:
    """Each of the seven runs ends well."""
    failed = {name: run.log[-3000:] for name, run in told.runs.items() if run.exit_code != 0}
    assert not failed, "\n".join(failed.values())
    assert len(told.runs) == 7


def test_one_digest_under_exactly_two_tags(told: Told) -> None:
    """Each commit is one index in the registry, under its revision tag and one release tag, and there are no others."""
    for sha in (told.first, told.second):
        tags = [tag for tag, digest in told.tags.items() if digest == told.tags[sha]]
        assert len(tags) == 2
        assert re.fullmatch(r"\d{4}\.\d{2}\.\d{2}\.\d{4}", next(tag for tag in tags if tag != sha))
    assert len(told.tags) == 4


@pytest.mark.parametrize("moment", ["first", "second"])
def test_the_pods_run_the_built_digest_everywhere(told: Told, moment: str) -> None:
    """The imageID of every Ready pod, in all three namespaces, is the digest that was built once."""
    digest = told.tags[getattr(told, moment)]
    for name in NAMES:
        found = told.running[moment][name]
        assert found.image_ids == {each: {f"{REPOSITORY}@{digest}"} for each in ("main-app", "worker-app")}
        assert all(image.endswith(f"@{digest}") for image in found.spec.values())


def test_migrations_move_the_schemas(told: Told) -> None:
    """Each release's migration ran in each environment's own database."""
    assert told.schema["first"] == {name: ["1"] for name in NAMES}
    assert told.schema["second"] == {name: ["1", "2"] for name in NAMES}


def test_the_plan_shows_those_who_approve_what_comes(told: Told) -> None:
    """The second release's: each gate's answer, the one commit since the first, the migration, both tags."""
    summary = html.unescape(told.runs["second prod"].summaries["Plan"]).replace("\u2060", "")
    before, after = (_release_tag(told, sha) for sha in (told.first, told.second))
    assert summary.startswith(f"### ALLOWED: sandbox → prod, {before} → {after} sha256:")
    assert f"{told.second[:10]} Release two" in summary
    assert "[1 commit](https://" in summary
    assert "migration runs after the rollout" in summary
    for gate in ("healthy", "differs", "origin", "platform", "drift", "hold"):
        assert f"| {gate} | allowed |" in summary
    assert "| approvals | waiting |" in summary or "| approvals | allowed |" in summary


def test_rollback_brings_the_image_back_and_leaves_the_schema(told: Told) -> None:
    """PROD runs the first release again, TEST and SANDBOX keep the second, no schema moved."""
    after = told.running["rollback"]
    assert all(image.endswith(f"@{told.tags[told.first]}") for image in after["prod"].spec.values())
    assert after["prod"].image_ids["main-app"] == {f"{REPOSITORY}@{told.tags[told.first]}"}
    assert after["sandbox"] == told.running["second"]["sandbox"]
    assert told.schema["rollback"] == told.schema["second"]


def test_slack_hears_of_each_step_once(told: Told) -> None:
    """One message each for build, TEST, SANDBOX, PROD, with tag, digest, run and the way on; one for the rollback."""
    digest = told.tags[told.first]
    tag = next(tag for tag, its in told.tags.items() if its == digest and tag != told.first)
    first = [str(each) for each in told.messages]
    assert len(first) == 4
    assert all(tag in each and digest in each and "/actions/runs/" in each for each in first)
    assert "promote-sandbox.yaml" in first[1]
    assert "promote-prod.yaml" in first[2]
    assert [word in each for word, each in zip(("Built", "TEST", "SANDBOX", "PROD"), first, strict=True)] == [True] * 4
    every = control.slack_messages()
    assert len(every) == 9
    assert all(word in str(every[8]) for word in ("PROD is back on", tag, "dora"))


def _release_tag(told: Told, sha: str) -> str:
    return next(tag for tag, digest in told.tags.items() if digest == told.tags[sha] and tag != sha)

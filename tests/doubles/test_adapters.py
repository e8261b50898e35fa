"""promokit's own adapters against the doubles: what a workflow does with them in the lab."""

from __future__ import annotations

import pytest

from promokit.errors import ConfigError, Unreachable, VerificationFailed
from promokit.github import GitHub
from promokit.image import Digest
from promokit.registry import open_registry
from promokit.slack.message import Notice, message
from promokit.slack.post import post
from tests.doubles.control import control
from tests.doubles.history import History
from tests.lab.doubles.aws import AwsDouble
from tests.lab.doubles.github import GitHubDouble
from tests.lab.doubles.images import push_image, push_index
from tests.lab.doubles.slack import SlackDouble

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
TAG, OTHER = "2026.01.02.0003", "2026.01.02.0004"


def test_ecr_tells_tags_digests_manifests_and_configs(aws: AwsDouble, registry: str) -> None:
    """Every read of the port, by a role that may only read."""
    control(aws, "PUT", "repositories/adapters/read", {"imageTagMutability": "IMMUTABLE"})
    pushed = push_index(registry, "adapters/read", TAG)
    single = Digest(push_image(registry, "adapters/read", None).digest)
    where, digest = f"{HOST}/adapters/read", Digest(pushed.digest)
    ecr = open_registry(where, aws.environ("promokit-prod"))
    assert ecr.digest_of(where, TAG) == digest
    assert ecr.digest_of(where, OTHER) is None
    assert ecr.tags_of(where, digest) == (TAG,)
    assert ecr.tags_immutable(where) is True
    manifest = ecr.manifest(where, digest)
    assert manifest is not None
    assert (manifest.content, manifest.platforms) == (pushed.content, ("linux/amd64", "linux/arm64"))
    assert ecr.revision_of(where, digest) is None
    assert ecr.platforms_of(where, single) == ("linux/amd64",)
    assert ecr.blob(where, Digest("sha256:" + "0" * 64)) is None


def test_ecr_adds_a_tag_once_and_moves_none(aws: AwsDouble, registry: str) -> None:
    """The build's role adds; the same again is no change, also where tags are mutable; others may not."""
    control(aws, "PUT", "repositories/adapters/write", {"imageTagMutability": "MUTABLE"})
    where = f"{HOST}/adapters/write"
    digest = Digest(push_index(registry, "adapters/write", TAG).digest)
    other = Digest(push_index(registry, "adapters/write", OTHER, "another").digest)
    build = open_registry(where, aws.environ("promokit-build"))
    assert build.add_tag(where, digest, "f" * 40) is True
    assert build.add_tag(where, digest, "f" * 40) is False
    assert build.tags_of(where, digest) == (TAG, "f" * 40)
    with pytest.raises(VerificationFailed):
        build.add_tag(where, other, "f" * 40)
    with pytest.raises(Unreachable, match="allow ecr:PutImage"):
        open_registry(where, aws.environ("promokit-prod")).add_tag(where, other, "e" * 40)


def test_ecr_s_refusals_are_told_apart(aws: AwsDouble) -> None:
    """No such repository, and credentials that expired while a job waited."""
    environ = aws.environ("promokit-prod")
    with pytest.raises(ConfigError, match="no such repository"):
        open_registry(f"{HOST}/nowhere", environ).digest_of(f"{HOST}/nowhere", TAG)
    control(aws, "POST", "clock", {"offset": 7200})
    with pytest.raises(Unreachable, match="have expired"):
        open_registry(f"{HOST}/registry", environ).digest_of(f"{HOST}/registry", TAG)


def test_ecr_that_throttles_is_asked_again(aws: AwsDouble) -> None:
    """botocore's adaptive mode slows down instead of failing."""
    control(aws, "POST", "fail", {"operation": "DescribeRepositories", "error": "ThrottlingException", "times": 2})
    ecr = open_registry(f"{HOST}/registry", aws.environ("promokit-prod"))
    assert ecr.tags_immutable(f"{HOST}/registry") is True


def test_github_tells_runs_reviews_environments_and_commits(github: GitHubDouble, history: History) -> None:
    """Every question that a promotion asks."""
    control(github, "POST", "runs", {"id": 7, "number": 12, "actor": "alice"})
    review = {"environments": ["prod-approval"], "state": "approved", "user": "bob"}
    control(github, "POST", "runs/7/approvals", review)
    settings = {"reviewers": ["bob"], "prevent_self_review": True, "can_admins_bypass": False, "branches": ["master"]}
    control(github, "PUT", "environments/prod", settings)
    asked = GitHub.from_environ(github.environ())
    assert asked is not None
    assert (asked.run(7).number, asked.run(7).actor.login) == (12, "alice")
    assert [run.id for run in asked.runs("ci.yaml", history.third, branch="master")] == [7]
    assert [(found.state, found.user.login) for found in asked.reviews(7)] == [("approved", "bob")]
    prod = asked.environment("prod")
    assert prod is not None
    assert (prod.reviewers, prod.prevent_self_review, prod.admins_can_bypass) == (1, True, False)
    assert asked.environment("nowhere") is None
    assert asked.branch_policies("prod") == ("master",)
    compared = asked.compare(history.first, "master")
    assert (compared.status, [commit.title for commit in compared.commits]) == ("ahead", ["Go on", "Go further"])


def test_github_without_the_permission_names_the_line_to_add(github: GitHubDouble) -> None:
    """A token that may only read contents."""
    control(github, "POST", "runs", {"id": 8})
    control(github, "POST", "tokens", {"token": "t", "permissions": {"contents": "read"}})
    asked = GitHub.from_environ({**github.environ(), "GITHUB_TOKEN": "t"})
    assert asked is not None
    with pytest.raises(Unreachable, match="add `actions: read`"):
        asked.run(8)


def test_slack_takes_the_message_and_refuses_with_a_remedy(slack: SlackDouble) -> None:
    """Text and blocks as they were made; a channel that isn't there; a wrong token."""
    told = message(Notice(event="deploy", outcome="succeeded", environment="test", tag=TAG))
    assert post("#deploys", told, slack.environ())
    (taken,) = control(slack, "GET", "messages")["messages"]
    assert (taken["text"], taken["blocks"]) == (told["text"], told["blocks"])
    with pytest.raises(ConfigError, match="check the channel's name"):
        post("#nowhere", told, slack.environ())
    with pytest.raises(ConfigError, match="SLACK_BOT_TOKEN"):
        post("#deploys", told, {**slack.environ(), "SLACK_BOT_TOKEN": "xoxb-wrong"})

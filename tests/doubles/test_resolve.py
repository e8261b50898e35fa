"""`resolve` with ECR: what it costs, how a tag is found and confirmed, what goes wrong and its remedy."""

from __future__ import annotations

from typing import Any

import pytest

from promokit.errors import ConfigError, Unreachable, VerificationFailed
from promokit.image import ImageRef
from tests.doubles.control import control
from tests.doubles.stage import Stage, stage

pytestmark = pytest.mark.program

__all__ = ["stage"]

TAG, NEWER, REVISION = "2026.01.02.0003", "2026.01.02.0010", "f" * 40


@pytest.mark.parametrize("pin", ["{0}:{1}@{2}", "{0}:{1}", "{0}@{2}", "{0}:" + REVISION, "{0}:edge"])
def test_each_kind_of_pin_is_resolved_with_three_calls_to_the_cluster_and_two_to_ecr(stage: Stage, pin: str) -> None:
    """Pinned by tag, by digest, by both, by the commit, and by hand with a tag of another kind."""
    pushed = stage.push(TAG, REVISION, "edge")
    stage.run(pin.format(stage.repository, TAG, pushed.digest), pushed.digest)
    stage.api.calls.clear()
    found = stage.resolved()
    assert (str(found.image), found.revision) == (f"{stage.repository}:{TAG}@{pushed.digest}", REVISION)
    assert found.healthy is True
    assert len(stage.api.calls) <= 3
    assert len(stage.asked()) <= 2


def test_the_newest_of_several_release_tags_is_told(stage: Stage) -> None:
    """A pin without a tag: ECR tells them all, in one call; by date and number, not by text."""
    pushed = stage.push("2026.01.02.9999", "2026.01.02.10000", "2025.12.31.10001", REVISION)
    stage.run(f"{stage.repository}@{pushed.digest}", pushed.digest)
    assert stage.resolved().image.tag == "2026.01.02.10000"
    assert stage.asked() == ["DescribeImages"]


def test_a_digest_without_a_release_tag_says_how_to_add_one(stage: Stage) -> None:
    """Its commit alone is no release."""
    pushed = stage.push(REVISION)
    stage.run(f"{stage.repository}@{pushed.digest}", pushed.digest)
    with pytest.raises(ConfigError, match=r"has no release tag.*add one by running build\.yaml.*promokit tag"):
        stage.resolved()


def test_the_repositorys_other_tags_cost_no_calls(stage: Stage) -> None:
    """A digest is asked for by itself: nothing lists the repository."""
    pushed = stage.push(TAG, REVISION)
    stage.run(f"{stage.repository}@{pushed.digest}", pushed.digest)
    for number in range(30):
        stage.push(f"2026.02.01.{number + 1:04}", text=f"app {number}")
    assert stage.resolved().image.tag == TAG
    assert stage.asked() == ["DescribeImages"]


def test_an_image_of_the_index_is_looked_up(stage: Stage) -> None:
    """CRI-O tells the platform's image: the index that has it is what runs."""
    pushed = stage.push(TAG, REVISION)
    reference = ImageRef.parse(f"{stage.repository}@{pushed.digest}")
    assert reference.digest
    manifest = stage.clients.registry(reference.name).manifest(reference.name, reference.digest)
    assert manifest
    stage.run(f"{stage.repository}:{TAG}", str(manifest.children[1]))
    assert str(stage.resolved().image.digest) == pushed.digest


def test_a_pinned_tag_that_was_moved_is_an_error(stage: Stage) -> None:
    """One look-up of the tag finds out."""
    pushed, other = stage.push(TAG), stage.push(NEWER, text="another")
    stage.run(f"{stage.repository}:{NEWER}@{pushed.digest}", pushed.digest)
    with pytest.raises(VerificationFailed, match=f"{NEWER} means {other.digest}"):
        stage.resolved()
    assert stage.asked() == ["DescribeImages"]


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"error": "ExpiredTokenException"}, Unreachable, "have expired.*sign in"),
        ({"error": "AccessDeniedException"}, Unreachable, "no access.*allow ecr:DescribeImages"),
        ({"error": "RepositoryNotFoundException"}, ConfigError, "no such repository"),
    ],
)
def test_what_goes_wrong_at_ecr_is_told_apart(stage: Stage, fault: dict[str, Any], kind: Any, words: str) -> None:
    """Each with its remedy."""
    pushed = stage.push(TAG)
    stage.run(f"{stage.repository}:{TAG}@{pushed.digest}", pushed.digest)
    control(stage.aws, "POST", "fail", {**fault, "times": 9})
    with pytest.raises(kind, match=words):
        stage.resolved()


def test_throttling_passes(stage: Stage) -> None:
    """The call is repeated, with the pauses of botocore's adaptive mode."""
    pushed = stage.push(TAG, REVISION)
    stage.run(f"{stage.repository}:{TAG}@{pushed.digest}", pushed.digest)
    control(stage.aws, "POST", "fail", {"error": "ThrottlingException", "times": 2})
    assert stage.resolved().image.tag == TAG
    assert stage.asked() == ["DescribeImages"] * 3


def test_credentials_that_have_expired_are_told(stage: Stage) -> None:
    """By AWS's own word, an hour later."""
    pushed = stage.push(TAG)
    stage.run(f"{stage.repository}:{TAG}@{pushed.digest}", pushed.digest)
    control(stage.aws, "POST", "clock", {"offset": 7200})
    with pytest.raises(Unreachable, match="have expired"):
        stage.resolved()


def test_the_host_of_another_account_asks_that_account(stage: Stage) -> None:
    """Its registryId goes with the call; the repository isn't there in this double."""
    pushed = stage.push(TAG)
    image = f"{stage.repository}:{TAG}@{pushed.digest}".replace("123456789012", "222222222222")
    stage.run(image, pushed.digest)
    with pytest.raises(ConfigError, match=r"no such repository.*222222222222"):
        stage.resolved()

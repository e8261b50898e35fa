"""`resolve` with ECR: what it costs, how a tag is found and confirmed, what goes wrong and its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import frozen

from promokit.errors import ConfigError, Unreachable, VerificationFailed
from promokit.image import ImageRef
from promokit.model import Environment, ImageSettings, Workload
from promokit.promotion.clients import Clients
from promokit.promotion.resolution import Resolved, resolve
from tests.cluster.api_server import ApiServer
from tests.doubles.control import control
from tests.lab.doubles.aws import AwsDouble
from tests.lab.doubles.images import Pushed, push_index
from tests.manifest_objects import Controller, deployment_json

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
TAG, NEWER, REVISION = "2026.01.02.0003", "2026.01.02.0010", "f" * 40


@frozen
class Stage:
    """A cluster that rolls out what it is told, and a repository of the test's own in ECR."""

    api: ApiServer
    aws: AwsDouble
    registry: str
    name: str
    clients: Clients

    @property
    def repository(self) -> str:
        return f"{HOST}/{self.name}"

    def push(self, *tags: str, **settings: Any) -> Pushed:
        return [push_index(self.registry, self.name, tag, **settings) for tag in tags][-1]

    def run(self, image: str, digest: str) -> None:
        """Let the Deployment run an image, by the runtime's word this digest."""
        self.api.put("deployments", "main-app", deployment_json("main-app", image))
        for key, pod in self.api.objects.items():
            if key[1] == "pods":
                pod["status"]["containerStatuses"][0]["imageID"] = f"{self.repository}@{digest}"

    def resolved(self, **settings: Any) -> Resolved:
        workloads = (Workload("main-app", "main-app"),)
        where = Environment("test", "credreg-test", workloads, image=ImageSettings(self.repository, "master"))
        return resolve(where, clients=self.clients, **settings)

    def asked(self) -> list[str]:
        return [str(each["name"]) for each in self.aws.calls]


@pytest.fixture
def stage(aws: AwsDouble, registry: str, tmp_path: Path) -> Iterator[Stage]:
    with ApiServer() as api:
        api.reactions.append(Controller(api))
        context = {"name": "test", "context": {"cluster": "test", "user": "test"}}
        kubeconfig = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": api.url}}],
            "users": [{"name": "test", "user": {"token": "good"}}],
            "contexts": [context],
        }
        (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
        name = f"resolve/{tmp_path.name.lower()}"
        control(aws, "PUT", f"repositories/{name}", {"imageTagMutability": "IMMUTABLE"})
        environ = {**aws.environ("promokit-plan"), "KUBECONFIG": str(tmp_path / "kubeconfig"), "HOME": str(tmp_path)}
        yield Stage(api, aws, registry, name, Clients(environ))


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

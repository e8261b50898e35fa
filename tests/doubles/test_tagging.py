"""The two tags of a build, against the doubles of ECR and GitHub and a real registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from promokit.errors import ConfigError, VerificationFailed
from promokit.promotion.clients import Clients
from promokit.promotion.tagging import Tagging, tag_build
from tests.doubles.control import control
from tests.lab.doubles.aws import AwsDouble
from tests.lab.doubles.github import GitHubDouble
from tests.lab.doubles.images import push_index

pytestmark = pytest.mark.program

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
COMMIT, RELEASE = "c" * 40, "2026.11.24.0042"


@pytest.fixture
def name(aws: AwsDouble, tmp_path: Path) -> str:
    """An immutable repository of the test's own."""
    control(aws, "PUT", f"repositories/tagging/{tmp_path.name.lower()}", {"imageTagMutability": "IMMUTABLE"})
    return f"tagging/{tmp_path.name.lower()}"


@pytest.fixture
def clients(aws: AwsDouble, github: GitHubDouble) -> Clients:
    """The clients of run 42 of build.yaml, created on 2026-11-24 UTC."""
    control(github, "POST", "runs", {"id": 900, "number": 42, "created_at": "2026-11-24T23:59:59Z"})
    run = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "900", "GITHUB_RUN_NUMBER": "42", "GITHUB_RUN_ATTEMPT": "1"}
    return Clients({**aws.environ("promokit-build"), **github.environ(), **run})


def build(name: str, clients: Clients, commit: str = COMMIT) -> Tagging:
    return tag_build(f"{HOST}/{name}", commit, clients=clients)


def test_a_new_commit_gets_both_tags_from_its_run(name: str, clients: Clients) -> None:
    """The date is the UTC day on which the run was created, the number its own, padded to four."""
    found = build(name, clients)
    assert (str(found.release), str(found.revision)) == (RELEASE, COMMIT)
    assert (found.digest, found.changed) == (None, False)


def test_a_built_commit_is_kept(registry: str, name: str, clients: Clients) -> None:
    """A re-run, or a later run, of a built commit keeps its release tag and builds nothing."""
    pushed = push_index(registry, name, COMMIT, "2026.01.01.0007")
    push_index(registry, name, "2026.01.01.0007", "2026.01.01.0007")
    found = build(name, clients)
    assert (str(found.release), str(found.digest), found.changed) == ("2026.01.01.0007", pushed.digest, False)


def test_a_missing_release_tag_is_added(registry: str, name: str, clients: Clients) -> None:
    """An image with only its revision tag gets this run's release tag, on the same digest."""
    pushed = push_index(registry, name, COMMIT)
    found = build(name, clients)
    assert (str(found.release), str(found.digest), found.changed) == (RELEASE, pushed.digest, True)
    again = build(name, clients)
    assert (str(again.release), str(again.digest), again.changed) == (RELEASE, pushed.digest, False)


def test_a_tag_of_another_digest_is_an_error(registry: str, name: str, clients: Clients) -> None:
    """This run's release tag on another image than the commit's is told, never moved."""
    push_index(registry, name, COMMIT, "one")
    push_index(registry, name, RELEASE, "another")
    with pytest.raises(VerificationFailed, match=RELEASE):
        build(name, clients)


def test_a_release_tag_of_another_commit_is_an_error(registry: str, name: str, clients: Clients) -> None:
    """A release tag that exists without our commit is another commit's: nothing is added to it."""
    push_index(registry, name, RELEASE)
    with pytest.raises(VerificationFailed, match="not for"):
        build(name, clients)


@pytest.mark.parametrize("commit", ["", "abc", "C" * 40])
def test_what_is_no_commit_is_refused(name: str, clients: Clients, commit: str) -> None:
    """Only a whole commit can be a revision tag."""
    with pytest.raises(ConfigError):
        build(name, clients, commit)


def test_outside_a_run_there_is_no_release_tag(name: str, clients: Clients) -> None:
    """A laptop has no run number: the error says where release tags come from."""
    del clients.environ["GITHUB_RUN_ID"]  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"build\.yaml"):
        build(name, clients)

"""Running doubles on free ports, a real registry and a real bare git repository."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.history import History
from tests.lab.doubles.aws import AwsDouble
from tests.lab.doubles.github import GitHubDouble
from tests.lab.doubles.registry import real_registry
from tests.lab.doubles.slack import SlackDouble


@pytest.fixture(scope="session")
def registry() -> Iterator[str]:
    """A real registry; tests share it, so each uses repositories of its own."""
    with real_registry() as url:
        yield url


@pytest.fixture
def clusters(tmp_path: Path) -> Path:
    """The lab's file with one cluster."""
    file = tmp_path / "lab.json"
    cluster = {"endpoint": "https://127.0.0.1:16443", "ca": "Q0E="}
    file.write_text(json.dumps({"clusters": {"credreg-test": cluster}}))
    return file


@pytest.fixture
def aws(registry: str, clusters: Path) -> Iterator[AwsDouble]:
    """The AWS double in front of the real registry."""
    with AwsDouble(registry=registry, clusters=clusters) as double:
        yield double


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """A bare repository with a master, a feature branch and an unrelated root."""
    return History.made_in(tmp_path_factory.mktemp("origin"))


@pytest.fixture
def github(history: History) -> Iterator[GitHubDouble]:
    """The GitHub double over that repository."""
    with GitHubDouble(origin=history.origin) as double:
        yield double


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    """The Slack double."""
    with SlackDouble() as double:
        yield double

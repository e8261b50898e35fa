"""`resolve` and `check` as a terminal and a program see them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from promokit.cli.app import main
from tests.cluster.api_server import ApiServer
from tests.cluster.kubeconfig import write_kubeconfig
from tests.http_server import Answer, Respond, Server
from tests.manifest_objects import Controller, deployment_json
from tests.registry.documents import LINUX_AMD64, child, digest_of, image, index
from tests.registry.oci_server import OciServer

INDEX = index(child(image(), LINUX_AMD64))
TAG, COMMIT = "2026.01.02.0003", "c0ffee" + "0" * 34
TYPE = "application/vnd.oci.image.index.v1+json"

Serve = Callable[[Respond], Server]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: ApiServer) -> Path:
    """A folder with a kubeconfig for the API server; the rest is the test's."""
    write_kubeconfig(tmp_path, api.url)
    for name, value in (("HOME", tmp_path), ("KUBECONFIG", tmp_path / "kubeconfig")):
        monkeypatch.setenv(name, str(value))
    for name in ("GITHUB_ACTIONS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pipeline(folder: Path, repository: str) -> None:
    environment = {"namespace": "credreg-test", "workloads": ["main-app/main-app"], "cluster": {"context": "test"}}
    document = {"image": {"repository": repository, "branch": "master"}, "environments": {"test": environment}}
    (folder / "promokit.yaml").write_text(yaml.safe_dump(document))


@pytest.fixture
def repository(here: Path, serve: Serve, api: ApiServer) -> str:
    """A repository of an image that the cluster runs."""
    registry = OciServer()
    registry.push(INDEX, TYPE, TAG, COMMIT)
    name = f"{serve(registry).host}/team/app"
    pipeline(here, name)
    api.reactions.append(Controller(api))
    api.put("deployments", "main-app", deployment_json("main-app", f"{name}:{COMMIT}@{digest_of(INDEX)}"))
    return name


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    with pytest.raises(SystemExit) as caught:
        main([*words, "-o", "json"])
    return int(caught.value.code or 0), json.loads(capsys.readouterr().out)


def test_what_runs_is_told(repository: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Digest, tag, commit, health, since when; nothing was changed."""
    code, told = said(capsys, "resolve", "test", "--at-rest", "--require-healthy")
    assert (code, told["changed"]) == (0, False)
    assert (told["digest"], told["tag"], told["revision"]) == (str(digest_of(INDEX)), COMMIT, COMMIT)
    assert (told["healthy"], told["running-since"]) == (True, "2026-11-24T12:00:00+00:00")


def test_what_a_tag_means_is_told_and_with_require_healthy_must_run(
    repository: str, capsys: pytest.CaptureFixture[str], api: ApiServer
) -> None:
    """By itself no cluster is asked; with the other option what runs must have this tag."""
    api.calls.clear()
    code, told = said(capsys, "resolve", "test", "--tag", COMMIT)
    assert (code, told["digest"], told["healthy"], api.calls) == (0, str(digest_of(INDEX)), None, [])
    code, told = said(capsys, "resolve", "test", "--tag", TAG, "--require-healthy")
    assert (code, told["tag"], told["healthy"]) == (0, TAG, True)


def test_the_word_of_a_doubt_is_told(repository: str, capsys: pytest.CaptureFixture[str], api: ApiServer) -> None:
    """For programs; the sentence with its remedy is beside it."""
    api.get("deployments", "main-app")["spec"]["paused"] = True
    code, told = said(capsys, "resolve", "test")
    assert (code, told["outcome"], told["reason"]) == (3, "refused", "paused")
    assert "kubectl rollout resume" in told["error"]


def test_check_tells_what_it_found(repository: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A warning is exit 0: this registry doesn't tell whether tags can be moved."""
    code, told = said(capsys, "check")
    words = {each["subject"].rpartition(": ")[2]: each["word"] for each in told["findings"]}
    assert (code, told["changed"]) == (0, False)
    assert words == {"tags": "warning", "images": "ok", "lifecycle rules": "skipped"}


def test_check_of_what_can_not_be_asked_is_exit_5(
    here: Path, serve: Serve, capsys: pytest.CaptureFixture[str], api: ApiServer
) -> None:
    """Nobody knows then."""
    pipeline(here, f"{serve(lambda _: Answer(403)).host}/team/app")
    api.fail(403, path="deployments", times=9)
    code, told = said(capsys, "check")
    assert code == 5
    assert told["findings"][0]["word"] == "unknown"


def test_who_may_not_patch_is_told_so_and_nothing_is_known(
    repository: str, capsys: pytest.CaptureFixture[str], api: ApiServer
) -> None:
    """Without gates as with them: exit 5, with the permission to grant; the rollout didn't fail, it wasn't begun."""
    api.fail(403, method="PATCH", times=9)
    plain = ("--namespace", "credreg-test", "--workloads", "main-app/main-app", "--cluster", "context:test")
    code, told = said(capsys, "rollout", *plain, "--image", f"{repository}:{TAG}", "--yes")
    assert (code, told["outcome"], told["reason"], told["changed"]) == (5, "unknown", "unreachable", False)
    assert "not allowed to write" in told["error"]
    assert "rbac.yaml" in told["error"]

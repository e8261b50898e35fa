"""`promokit status`: how each environment stands, in the words of `explain`, and what couldn't be asked."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from promokit.cli.app import main
from promokit.ledger.store import append
from tests.cluster.api_server import ApiServer
from tests.cluster.kubeconfig import write_kubeconfig
from tests.factories import image
from tests.manifest_objects import Controller, deployment_json

GOOD, BAD = str(image("a")), str(image("c"))

LATE = {
    "type": "Progressing",
    "status": "False",
    "reason": "ProgressDeadlineExceeded",
    "lastTransitionTime": "2026-11-24T12:00:00Z",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: ApiServer) -> Path:
    """A folder with a pipeline of one environment, whose cluster is the API server."""
    environment = {"namespace": "credreg-test", "workloads": "main-app/main-app", "cluster": {"context": "test"}}
    describe(tmp_path, test=environment)
    monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path, api.url)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def describe(folder: Path, **environments: dict[str, Any]) -> None:
    repository = {"repository": "registry.example.com/app", "branch": "master"}
    (folder / "promokit.yaml").write_text(yaml.safe_dump({"image": repository, "environments": environments}))


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as caught:
        main(words)
    return int(caught.value.code or 0), capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(said(capsys, *words, "-o", "json")[1])
    return answer


def test_what_isnt_healthy_is_told_as_explain_tells_it(
    here: Path, api: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """One cluster, one judgement: a rollout that has failed isn't still under way."""
    api.reactions.append(Controller(api, bad="c" * 64))
    body = deployment_json(runs=BAD)
    api.put("deployments", "main-app", {**body, "status": {"conditions": [LATE]}})
    while api.get("pods", "main-app-1-0")["status"]["containerStatuses"][0]["restartCount"] < 2:
        time.sleep(0.05)
    api.get("deployments", "main-app")["status"]["conditions"] = [LATE]
    explained = told(capsys, "explain", "test")
    found = told(capsys, "status")["environments"]["test"]["workloads"]["main-app/main-app"]
    assert (explained["outcome"], explained["reason"]) == ("failed", "crash-loop")
    assert (found["outcome"], found["reason"]) == ("failed", "crash-loop")


def test_who_may_not_read_events_still_sees_what_runs(
    here: Path, api: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A look needs three lists; the fourth only tells more of the cause."""
    api.put("deployments", "main-app", {**deployment_json(runs=BAD), "status": {"conditions": [LATE]}})
    api.fail(403, path="events", times=9)
    found = told(capsys, "status")["environments"]["test"]["workloads"]["main-app/main-app"]
    assert (found["outcome"], found["reason"]) == ("progressing", "waiting")


def test_a_workload_keeps_its_name_where_another_container_stands_first(
    here: Path, api: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """`explain` names it as promokit.yaml does."""
    body = deployment_json(runs=BAD)
    body["spec"]["template"]["spec"]["containers"].insert(0, {"name": "proxy", "image": "proxy:1"})
    api.put("deployments", "main-app", {**body, "status": {"conditions": [LATE]}})
    assert [each["workload"] for each in told(capsys, "explain", "test")["workloads"]] == ["main-app/main-app"]


def test_a_workload_that_is_not_there_is_told_in_words(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole: not as one that somebody replaced, and not cut."""
    code, out = said(capsys, "status")
    assert code == 0
    assert "unproven: no-workload" in out
    assert "there is no deployment/main-app" in out


def test_the_last_change_is_the_newest_not_what_was_written_last(
    here: Path, api: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was taken in later, and what was carried on of dropped lines, stand at the ledger's end."""
    api.reactions.append(Controller(api))
    api.put("deployments", "main-app", deployment_json(runs=GOOD))
    old, new = ({"line": "closed", "kind": kind, "op": kind, "outcome": "failed"} for kind in ("rollback", "promotion"))
    lines: list[Mapping[str, Any]] = [
        {**new, "at": "2026-11-24T12:00:00+00:00"},
        {**old, "at": "2026-11-24T11:00:00+00:00", "taken_in": {"actor": "bob"}},
        {**old, "at": "2026-11-24T10:00:00+00:00", "carried": 1},
    ]
    append(api.namespace("credreg-test"), lambda book: lines)
    assert "promotion failed 2026-11-24T12:00:00+00:00" in said(capsys, "status")[1]


def test_an_environment_that_is_described_wrongly_is_wrong_use(
    here: Path, api: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, with the contexts that there are; the others are told all the same."""
    api.reactions.append(Controller(api))
    api.put("deployments", "main-app", deployment_json(runs=GOOD))
    good = {"namespace": "credreg-test", "workloads": "main-app/main-app", "cluster": {"context": "test"}}
    describe(here, test=good, prod={**good, "cluster": {"context": "prdo"}})
    code, out = said(capsys, "status")
    assert code == 2
    assert "succeeded: complete" in out
    assert "prod: the kubeconfig has no context 'prdo'. Remedy: use one of: test." in out

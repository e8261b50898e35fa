import json
from pathlib import Path

import pytest

from promokit.errors import ConfigError
from promokit.promotion.explaining import explain_timeline
from promokit.rollout.arrival import Arrival
from promokit.rollout.policy import Policy
from promokit.rollout.record import Recorder
from promokit.rollout.redaction import redacted
from promokit.rollout.roll_out import Rollout, Watching, roll_out
from tests.cluster.api_server import ApiServer
from tests.factories import WORKLOAD, deployment, image
from tests.manifest_objects import Controller, deployment_json

OLD, GOOD, BAD = str(image("b")), str(image("a")), str(image("c"))
SECRET = "correct-horse-battery"


@pytest.fixture
def cluster(api: ApiServer) -> ApiServer:
    """A namespace in which main-app runs, with a secret in a variable and in what kubectl applied last."""
    api.reactions.append(Controller(api, bad="c" * 64))
    body = deployment_json(runs=OLD)
    body["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "TOKEN", "value": SECRET}]
    body["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = json.dumps(body)
    api.put("deployments", "main-app", body)
    return api


def recorded(cluster: ApiServer, file: Path, runs: str = GOOD) -> Rollout:
    policy = Policy(stable_for=0.2, timeout=20)
    return roll_out(cluster.namespace(), {WORKLOAD: runs}, policy, cause="test", watching=Watching(record=file))


@pytest.mark.parametrize("runs", [GOOD, BAD])
def test_a_recording_gets_the_verdict_that_the_rollout_got(cluster: ApiServer, tmp_path: Path, runs: str) -> None:
    """Replayed by the same engine; it begins before the change, with what was there."""
    file = tmp_path / "rec.jsonl"
    live = recorded(cluster, file, runs).verdict
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0]["t"] <= 0
    assert all(set(line) == {"t", "type", "object"} for line in lines)
    replayed = explain_timeline(file, Policy(stable_for=0.2))
    assert (replayed.assessment.verdict.outcome, replayed.assessment.verdict.reason) == (live.outcome, live.reason)


def test_no_value_of_a_variable_is_recorded(cluster: ApiServer, tmp_path: Path) -> None:
    """Neither from the template nor from what kubectl applied last."""
    file = tmp_path / "rec.jsonl"
    recorded(cluster, file)
    assert SECRET not in file.read_text()
    assert "TOKEN" not in file.read_text()


def test_templates_that_differ_only_in_a_value_are_told_apart() -> None:
    """By a fingerprint whose key nobody has; another recording's doesn't match it."""
    first, second = deployment_json(), deployment_json()
    second["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "1"}]
    shown = [redacted({"kind": "Deployment", **each}, b"key")["spec"]["template"] for each in (first, second, first)]
    assert shown[0] == shown[2] != shown[1]
    assert redacted({"kind": "Deployment", **first}, b"another")["spec"]["template"] != shown[0]


def test_a_file_that_cannot_be_opened_stops_it_before_anything_is_changed(cluster: ApiServer, tmp_path: Path) -> None:
    """Who asks for a recording is told at once that there can't be one."""
    with pytest.raises(ConfigError, match="can't be written"):
        recorded(cluster, tmp_path / "nowhere" / "rec.jsonl")
    assert OLD in json.dumps(cluster.get("deployments", "main-app")["spec"])


def test_a_disk_that_is_full_is_told_and_stops_nothing(cluster: ApiServer) -> None:
    """The recording isn't the rollout."""
    warned: list[str] = []
    watching = Watching(record=Path("/dev/full"), warn=warned.append)
    done = roll_out(cluster.namespace(), {WORKLOAD: GOOD}, Policy(stable_for=0), cause="test", watching=watching)
    assert done.verdict.outcome == "succeeded"
    assert len(warned) == 1


def test_what_a_new_list_does_not_show_is_gone_at_the_end_too(tmp_path: Path) -> None:
    """The last lines repeat only the workloads that are there."""
    file = tmp_path / "rec.jsonl"
    recorder = Recorder(file)
    raw = {"kind": "Deployment", **deployment_json(), "metadata": {"name": "main-app", "uid": "u"}}
    told = Arrival("deployments", "ADDED", deployment(), raw)
    for each in (told, Arrival("deployments", "LISTING"), Arrival("deployments", "LISTED")):
        recorder.take(each, 1.0)
    recorder.end(2.0)
    recorder.close()
    assert [json.loads(line)["type"] for line in file.read_text().splitlines()] == ["ADDED", "DELETED"]

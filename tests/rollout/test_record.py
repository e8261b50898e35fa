import json
from pathlib import Path

import pytest
from attrs import evolve

from promokit.errors import ConfigError
from promokit.promotion.explaining import explain_timeline
from promokit.rollout.arrival import Arrival
from promokit.rollout.policy import Policy
from promokit.rollout.policy_record import one_policy
from promokit.rollout.record import Recorder
from promokit.rollout.redaction import redacted
from promokit.rollout.roll_out import Rollout, Watching, roll_out
from promokit.rollout.timeline import read_timeline, recorded_policy
from tests.cluster.api_server import ApiServer
from tests.factories import WORKLOAD, deployment, image
from tests.manifest_objects import Controller, deployment_json

OLD, GOOD, BAD = str(image("b")), str(image("a")), str(image("c"))
POLICY = Policy(stable_for=0.2, timeout=20)
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
    return roll_out(cluster.namespace(), {WORKLOAD: runs}, POLICY, cause="test", watching=Watching(record=file))


@pytest.mark.parametrize("runs", [GOOD, BAD])
def test_a_recording_gets_the_verdict_that_the_rollout_got(cluster: ApiServer, tmp_path: Path, runs: str) -> None:
    """Replayed by the same engine and the policy in it; it begins before the change, with what was there."""
    file = tmp_path / "rec.jsonl"
    live = recorded(cluster, file, runs).verdict
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0]["t"] <= 0
    assert all(set(line) - {"policy"} == {"t", "type", "object"} for line in lines)
    read = list(read_timeline(file))
    policy = recorded_policy(read)
    assert policy == POLICY
    replayed = explain_timeline(read, policy, file)
    assert (replayed.assessment.verdict.outcome, replayed.assessment.verdict.reason) == (live.outcome, live.reason)


def test_a_recording_begins_with_the_policy_and_ends_with_what_was_learnt(tmp_path: Path) -> None:
    """A rollout that was killed has one too; the last one counts: it has what the registry said meanwhile."""
    file = tmp_path / "rec.jsonl"
    recorder = Recorder(file, POLICY)
    raw = {**deployment_json(), "kind": "Deployment", "apiVersion": "apps/v1"}
    raw["metadata"] |= {"name": "main-app", "uid": "u", "generation": 1}
    for t in (-1.0, 0.5):
        recorder.take(Arrival("deployments", "ADDED", deployment(), raw), t)
    assert recorded_policy(read_timeline(file)) == POLICY
    learnt = evolve(POLICY, image_exists="no")
    recorder.end(2.0, learnt)
    recorder.close()
    assert ["policy" in json.loads(line) for line in file.read_text().splitlines()] == [True, False, True]
    assert recorded_policy(read_timeline(file)) == learnt


def test_workloads_of_one_rollout_are_told_by_one_policy() -> None:
    """More time that one was given counts for all; what the registry said of two images counts if it is the same."""
    first, second = Policy(image_exists="yes"), Policy(image_exists="no", config_missing_for=20)
    assert one_policy([first, second]) == Policy(image_exists="unknown", config_missing_for=20)
    assert one_policy([Policy(), second]) == second


def test_no_value_of_a_variable_is_recorded(cluster: ApiServer, tmp_path: Path) -> None:
    """Neither from the template nor from what kubectl applied last."""
    file = tmp_path / "rec.jsonl"
    recorded(cluster, file)
    assert SECRET not in file.read_text()
    assert "TOKEN" not in file.read_text()


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (
            f'Readiness probe failed: Get "http://10.0.0.1:80/ready?token={SECRET}": dial tcp: connection refused',
            'Readiness probe failed: Get "http://10.0.0.1:80/ready?…": dial tcp: connection refused',
        ),
        (f"failed: https://layers/x?X-Sig={SECRET}&y=1: 403", "failed: https://layers/x?… 403"),
        (f"Get https://robot:{SECRET}@registry/v2/: 401", "Get https://…@registry/v2/: 401"),
        ("is it there? a=b", "is it there? a=b"),
    ],
)
def test_what_a_url_asks_for_or_logs_in_with_is_not_recorded(message: str, kept: str) -> None:
    """A probe's path and a registry's redirect may hold a token; the cluster's words have it in messages."""
    meta = {"name": "x", "uid": "u"}
    told = {"kind": "Event", "metadata": meta, "message": message}
    state = {"waiting": {"reason": "ImagePullBackOff", "message": message}}
    waits = {"kind": "Pod", "metadata": meta, "status": {"containerStatuses": [{"name": "app", "state": state}]}}
    assert redacted(told, b"")["message"] == kept
    assert redacted(waits, b"")["status"]["containerStatuses"][0]["state"]["waiting"]["message"] == kept


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
    recorder = Recorder(file, Policy())
    raw = {"kind": "Deployment", **deployment_json(), "metadata": {"name": "main-app", "uid": "u"}}
    told = Arrival("deployments", "ADDED", deployment(), raw)
    for each in (told, Arrival("deployments", "LISTING"), Arrival("deployments", "LISTED")):
        recorder.take(each, 1.0)
    recorder.end(2.0, Policy())
    recorder.close()
    assert [json.loads(line)["type"] for line in file.read_text().splitlines()] == ["ADDED", "DELETED"]

"""The recordings are what they claim to be, and agree with the cases that they were made of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.cases import CASES
from tests.timelines import FOLDER, Expectation, expectations, lines, workloads

KINDS = {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Pod", "Event", "Job"}
NAMES = sorted(file.stem for file in FOLDER.glob("*.jsonl"))
each_recording = pytest.mark.parametrize("name", NAMES)


def test_each_case_has_a_recording_and_expectations() -> None:
    """Each case of the lab is recorded, and nothing else; each recording has what it must be judged as."""
    assert set(NAMES) == set(CASES)
    assert {each.timeline for each in expectations()} == set(NAMES)


@each_recording
def test_a_recording_is_in_order_and_begins_before_the_change(name: str) -> None:
    """Time never goes back, and begins before the change with what was there."""
    times = [line.t for line in lines(name)]
    assert times == sorted(times)
    before = [line for line in lines(name) if line.t < 0]
    assert all(line.type == "ADDED" for line in before[:1])
    assert bool(before) == bool(CASES[name].before)


@each_recording
def test_a_recording_has_one_namespace_and_known_kinds(name: str) -> None:
    """Its objects have kind and version, and are of one namespace."""
    objects = [line.object for line in lines(name)]
    assert {each["kind"] for each in objects} <= KINDS
    assert all(each["apiVersion"] for each in objects)
    assert {each["metadata"]["namespace"] for each in objects} == {f"case-{name}"}


@each_recording
def test_a_recording_says_nothing_that_it_must_not(name: str) -> None:
    """No value of env, no managedFields, nothing that kubectl applied last."""
    keys = {key for line in lines(name) for key in _keys(line.object)}
    assert not keys & {"managedFields", "kubectl.kubernetes.io/last-applied-configuration"}
    assert not [env for line in lines(name) for env in _all_env(line.object) if "value" in env]


@each_recording
def test_a_recording_is_small(name: str) -> None:
    """It is kept in the repository: under 250 kB, one object a line, without spaces."""
    text = (FOLDER / f"{name}.jsonl").read_text()
    assert len(text.encode()) < 250_000
    assert all(
        line == json.dumps(json.loads(line), separators=(",", ":"), ensure_ascii=False) for line in text.splitlines()
    )


@pytest.mark.parametrize("expected", expectations(), ids=lambda it: f"{it.timeline} {it.flags}")
def test_an_expectation_is_of_its_case_and_within_the_recording(expected: Expectation) -> None:
    """Outcome and reason are the case's for these flags, and the recording goes on until the verdict is justified."""
    judged = {each.flags: (each.outcome, each.reason) for each in CASES[expected.timeline].judged}
    assert judged[expected.flags] == (expected.outcome, expected.reason)
    assert (expected.justified is None) == (expected.outcome == "progressing")
    assert 0 <= (expected.justified or 0) <= CASES[expected.timeline].seconds


@each_recording
def test_each_judged_way_of_a_case_is_expected(name: str) -> None:
    """expected.yaml has every way in which the case says that it is judged, and the workloads that were changed."""
    assert [each.flags for each in expectations() if each.timeline == name] == [it.flags for it in CASES[name].judged]
    assert workloads(name) == list(CASES[name].workloads)


def _keys(value: Any) -> Iterator[str]:
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(part)
    if isinstance(value, dict):
        yield from value


def _all_env(value: Any) -> Iterator[dict[str, Any]]:
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _all_env(part)
    if isinstance(value, dict):
        yield from value.get("env", ())

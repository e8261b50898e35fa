"""A dump of what a recording shows at a moment is judged as the recording is, whatever kubectl was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from promokit.promotion.explaining import explain_dump
from tests.timelines import Expectation, expectations, lines, policy_of

LATER = 1.5
"""Seconds after the verdict is justified: times in a dump are whole seconds."""
UNTOLD = {"superseded", "replaced"}
"""What one moment can't show."""
UNDATED = {"stateful-set-blocked"}
"""Where no pod of the newest template was made yet: one moment can't show since when it is there."""
Items = list[dict[str, Any]]


def told(items: Items) -> Items:
    """All of it."""
    return items


def without_replica_sets(items: Items) -> Items:
    """kubectl get deployments,pods,events."""
    return [each for each in items if each["kind"] != "ReplicaSet"]


def without_annotations(items: Items) -> Items:
    """Objects that somebody has shortened."""
    return [
        each | {"metadata": {key: value for key, value in each["metadata"].items() if key != "annotations"}}
        for each in items
    ]


def dumped(name: str, second: float) -> tuple[Items, datetime]:
    """What was there at a second of a recording, and when that was."""
    there: dict[str, dict[str, Any]] = {}
    zero = 0.0
    for line in lines(name):
        made = datetime.fromisoformat(line.object["metadata"]["creationTimestamp"]).timestamp()
        zero = max(zero, made - line.t)
        if line.t <= second:
            there.pop(line.object["metadata"]["uid"], None)
            if line.type != "DELETED":
                there[line.object["metadata"]["uid"]] = dict(line.object)
    return list(there.values()), datetime.fromtimestamp(zero + second + 1, UTC)


def judged(file: Path, items: Items, now: datetime, flags: str) -> str:
    file.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": items}))
    found = explain_dump(file, policy_of(flags), now).assessment.verdict
    return f"{found.outcome}: {found.reason}"


CASES = [
    each
    for each in expectations()
    if each.reason not in UNTOLD and each.timeline not in UNDATED and each.justified is not None
]


@pytest.mark.parametrize("way", [told, without_replica_sets, without_annotations], ids=lambda it: it.__name__)
@pytest.mark.parametrize("expected", CASES, ids=lambda it: f"{it.timeline} {it.flags}")
def test_a_dump_is_judged_as_its_recording(
    tmp_path: Path, expected: Expectation, way: Callable[[Items], Items]
) -> None:
    """A moment after the verdict is justified; a ReplicaSet that never made a pod can't be inferred from pods."""
    items, now = dumped(expected.timeline, (expected.justified or 0) + LATER)
    verdict = judged(tmp_path / "dump.json", way(items), now, expected.flags)
    if way is without_replica_sets and expected.reason in {"quota", "creation-refused"}:
        assert verdict == "progressing: waiting"
    else:
        assert verdict == f"{expected.outcome}: {expected.reason}"


@pytest.mark.parametrize("name", ["pull-unauthorized", "pull-forbidden"])
def test_a_refused_pull_is_known_without_events_by_how_long_it_has_been_tried(tmp_path: Path, name: str) -> None:
    """The kubelet tries again after twelve seconds; after half a minute it has been refused twice."""
    items, now = dumped(name, 20.0)
    bare = [each for each in items if each["kind"] != "Event"]
    assert judged(tmp_path / "dump.json", bare, now, "") == "progressing: waiting"
    later = datetime.fromtimestamp(now.timestamp() + 12, UTC)
    assert judged(tmp_path / "dump.json", bare, later, "") == "failed: pull-refused"


def test_of_two_replica_sets_that_are_left_out_the_one_with_the_images_is_new(tmp_path: Path) -> None:
    """After an undo the pods that fail are the younger ones, and aren't judged."""
    items, now = dumped("stale-deadline-after-undo", 3.0)
    failed = [each for each in dumped("stale-deadline-after-undo", -0.1)[0] if each["kind"] == "Pod"]
    there = {each["metadata"]["uid"] for each in items}
    items += [each for each in failed if each["metadata"]["uid"] not in there]
    verdict = judged(tmp_path / "dump.json", without_replica_sets(items), now, "--stable-for 2s")
    assert verdict == "succeeded: complete"

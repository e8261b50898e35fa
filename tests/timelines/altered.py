"""Recordings told otherwise: what another cluster, another recorder or another namespace would have made of them.

Each way takes the lines of a recording and returns those that must be judged alike.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from promokit.cluster.strict import parse_strictly, uid_of
from promokit.rollout.timeline import Line
from tests import timelines

Told = list[timelines.Line]
_UID = re.compile(r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-)([0-9a-f]{12})")
_KEPT = {"name", "namespace", "uid", "generation", "ownerReferences", "deletionTimestamp", "annotations", "labels"}


def read(told: Iterable[timelines.Line]) -> list[Line]:
    """The lines as the program reads them."""
    return [
        Line(each.t, gone=uid_of(dict(each.object), "test"))
        if each.type == "DELETED"
        else Line(each.t, parse_strictly(each.object, "test"))
        for each in told
    ]


def doubled(told: Told) -> Told:
    """Each line twice."""
    return [each for line in told for each in (line, line)]


def listed_anew(told: Told) -> Told:
    """All that is there told again every two seconds."""
    out, there, last = Told(), dict[str, Any](), 0.0
    for line in told:
        while last + 2 <= line.t:
            last += 2
            out += [timelines.Line(last, "ADDED", each) for each in there.values()]
        there.pop(line.object["metadata"]["uid"], None)
        if line.type != "DELETED":
            there[line.object["metadata"]["uid"]] = line.object
        out.append(line)
    return out


def never_added(told: Told) -> Told:
    """What is new told as a change."""
    return [timelines.Line(it.t, "MODIFIED" if it.type == "ADDED" else it.type, it.object) for it in told]


def renamed(told: Told) -> Told:
    """Of another namespace, with other names."""
    text = json.dumps([it.object for it in told])
    namespace = told[0].object["metadata"]["namespace"]
    others = json.loads(text.replace(f'"{namespace}"', '"elsewhere"').replace('"web', '"gateway-of-theirs'))
    return [timelines.Line(it.t, it.type, other) for it, other in zip(told, others, strict=True)]


def with_little_metadata(told: Told) -> Told:
    """Only what names an object and says whose it is."""
    return _changed(told, lambda it: it | {"metadata": {k: v for k, v in it["metadata"].items() if k in _KEPT}})


def without_event_times(told: Told) -> Told:
    """Events that don't say when they were."""
    return _changed(told, lambda it: {k: v for k, v in it.items() if not k.endswith(("Timestamp", "Time"))})


def beside_a_crash_loop(told: Told) -> Told:
    """Another Deployment of the namespace has been crashing since before the change."""
    return _beside(told, "crash-loop", until=10.0)


def beside_pods_that_end(told: Told) -> Told:
    """Pods of another Deployment of the namespace are on their way out all the time."""
    return _beside(told, "stop-hangs", until=3.52, then=False)


def _beside(told: Told, name: str, *, until: float, then: bool = True) -> Told:
    """Put another recording beside: up to a second of it as of before the change, and then what came."""
    begin = min(told[0].t, -0.5)
    others = [
        timelines.Line(begin if it.t <= until else it.t, it.type, it.object)
        for it in _another(timelines.lines(name), told[0].object["metadata"]["namespace"])
        if then or it.t <= until
    ]
    return sorted((*others, *told), key=lambda it: it.t)


def _another(told: Told, namespace: str) -> Told:
    text = _UID.sub(lambda found: found[1] + found[2][::-1], json.dumps([it.object for it in told]))
    was = told[0].object["metadata"]["namespace"]
    others = json.loads(text.replace('"web', '"another').replace(f'"{was}"', f'"{namespace}"'))
    return [timelines.Line(it.t, it.type, other) for it, other in zip(told, others, strict=True)]


def _changed(told: Told, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Told:
    return [timelines.Line(it.t, it.type, change(copy.deepcopy(dict(it.object)))) for it in told]


WAYS = (
    doubled,
    listed_anew,
    never_added,
    renamed,
    with_little_metadata,
    without_event_times,
    beside_a_crash_loop,
    beside_pods_that_end,
)

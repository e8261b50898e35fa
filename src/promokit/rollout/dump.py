"""Reading a dump (`kubectl get … -o json`): its objects, its workloads, and when it was made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from promokit.cluster.objects import Controller, Event, Job, Object, Pod, ReplicaSet
from promokit.cluster.strict import parse_strictly
from promokit.errors import ConfigError
from promokit.model import Workload
from promokit.rollout.inferred import inferred_replica_sets

LARGEST = 100 * 1024 * 1024
COMMAND = "kubectl get deployments,replicasets,pods,events -o json"
_OTHERS = ("Service", "HorizontalPodAutoscaler", "CronJob", "ReplicationController", "ControllerRevision")
"""What `kubectl get all` gives beside, and the templates of before; none says anything of a rollout."""


def read_dump(file: Path) -> list[Object]:
    """Return the objects of a dump. ConfigError for a file that is too large, or isn't one."""
    try:
        with file.open("rb") as opened:
            text = opened.read(LARGEST + 1)
        if len(text) > LARGEST:
            remedy = f"dump one workload: {COMMAND} -l …"
            raise ConfigError(f"{file} is larger than {LARGEST >> 20} MiB", remedy=remedy)
        data: Any = json.loads(text)
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}", remedy=COMMAND) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file} is no JSON", remedy=COMMAND) from error
    items = list(_items(data, file))
    listed = [parse_strictly(each, f"{file}: item {number}") for number, each in items]
    _refuse_namesakes(listed, file)
    left_out = inferred_replica_sets(each for _, each in items)
    return [*listed, *(parse_strictly(each, f"{file}: what owns its pods") for each in left_out)]


def _refuse_namesakes(objects: Iterable[Object], file: Path) -> None:
    """Workloads are told by their names: of two in two namespaces only one would be judged."""
    known: dict[tuple[str, str], str] = {}
    for each in objects:
        if not isinstance(each, Controller | Job):
            continue
        kind = each.kind if isinstance(each, Controller) else "Job"
        if known.setdefault((kind, each.name), each.uid) != each.uid:
            raise ConfigError(f"{file} has two of {kind} {each.name}", remedy=f"dump one namespace: {COMMAND} -n …")


def newest_time(objects: Iterable[Object], told: datetime | None = None) -> datetime:
    """Return the newest time that the objects tell: when they were dumped, as near as can be known. Or `told`, by
    somebody who knows it: ConfigError where the objects tell of what was after it."""
    times = [each for seen in objects for each in _times(seen)]
    if told is None and not times:
        raise ConfigError("the dump tells no time", remedy="say when it was made: --now 2026-11-24T18:00:00Z")
    newest = max(times, default=told)
    assert newest is not None  # noqa: S101 - told to the type checker
    if told is not None and told < newest:
        what = f"the dump wasn't made at {told:%Y-%m-%dT%H:%M:%S%z}: it tells of {newest:%Y-%m-%dT%H:%M:%S%z}"
        raise ConfigError(what, remedy="say with --now when it was made, or leave it out")
    return told or newest


def controllers_in(objects: Iterable[Object]) -> dict[Workload, Controller]:
    """Return the workloads of a dump; of several containers the first."""
    found = [each for each in objects if isinstance(each, Controller)]
    return {Workload(each.name, next(iter(each.images), ""), each.kind): each for each in found}


def _items(data: Any, file: Path) -> Iterator[tuple[int, Any]]:
    if not isinstance(data, dict) or "kind" not in data:
        raise ConfigError(f"{file} is no dump of Kubernetes objects", remedy=COMMAND)
    items = data.get("items", [data]) if str(data["kind"]).endswith("List") else [data]
    if not isinstance(items, list):
        raise ConfigError(f"{file} is no dump of Kubernetes objects: its items are no list", remedy=COMMAND)
    default = str(data["kind"]).removesuffix("List")
    for number, item in enumerate(items, 1):
        known = isinstance(item, dict) and default and "kind" not in item
        whole = {**item, "kind": default} if known else item
        if not (isinstance(whole, dict) and whole.get("kind") in _OTHERS):
            yield number, whole


def _times(seen: Object) -> Iterator[datetime]:
    if isinstance(seen, Pod):
        for container in seen.containers:
            for state in filter(None, (container.state, container.last)):
                yield from filter(None, (state.started, state.finished))
    if isinstance(seen, Event):
        yield from filter(None, (seen.first, seen.last))
        return
    yield from filter(None, (each.since for each in seen.conditions))
    if isinstance(seen, Pod | ReplicaSet | Job) and seen.created:
        yield seen.created

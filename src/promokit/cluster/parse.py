"""From an API server's JSON to the small types, once, at the edge. Unknown fields are left out.

Texts that thousands of objects share are kept once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Any

from promokit.cluster.objects import Condition, Container, Controller, Event, Job, Object, Pod, ReplicaSet, State

Json = dict[str, Any]
_TEMPLATE_NUMBER = "pod-template-generation"
_TEMPLATE_HASH = "controller-revision-hash"


def parse_object(data: Json) -> Object | None:
    """Return the object as a small type, or None for a kind that promokit doesn't read."""
    parse = _PARSERS.get(str(data.get("kind", "")))
    return parse(data) if parse else None


def parse_controller(data: Json) -> Controller:
    """Read a Deployment, StatefulSet or DaemonSet, by its kind."""
    parse = {"Deployment": parse_deployment, "StatefulSet": parse_stateful_set, "DaemonSet": parse_daemon_set}
    return parse[data["kind"]](data)


def parse_deployment(data: Json) -> Controller:
    """Read an apps/v1 Deployment."""
    spec, status = data["spec"], data.get("status", {})
    return Controller(
        **_common(data),
        kind="Deployment",
        max_unavailable=_max_unavailable(spec),
        wanted=spec.get("replicas", 1),
        paused=spec.get("paused", False),
        progress_seconds=spec.get("progressDeadlineSeconds", 600),
        terminating=status.get("terminatingReplicas", 0),
        **_counts(status),
    )


def parse_stateful_set(data: Json) -> Controller:
    """Read an apps/v1 StatefulSet."""
    spec, status = data["spec"], data.get("status", {})
    strategy = spec.get("updateStrategy") or {}
    return Controller(
        **_common(data),
        kind="StatefulSet",
        wanted=spec.get("replicas", 1),
        paused=False,
        progress_seconds=None,
        **_counts(status),
        partition=(strategy.get("rollingUpdate") or {}).get("partition", 0),
        on_delete=strategy.get("type") == "OnDelete",
        update_revision=status.get("updateRevision", ""),
        current_revision=status.get("currentRevision", ""),
    )


def parse_daemon_set(data: Json) -> Controller:
    """Read an apps/v1 DaemonSet."""
    status = data.get("status", {})
    strategy = data["spec"].get("updateStrategy") or {}
    return Controller(
        **_common(data),
        kind="DaemonSet",
        wanted=status.get("desiredNumberScheduled", 0),
        paused=False,
        progress_seconds=None,
        total=status.get("currentNumberScheduled", 0),
        updated=status.get("updatedNumberScheduled", 0),
        ready=status.get("numberReady", 0),
        available=status.get("numberAvailable", 0),
        on_delete=strategy.get("type") == "OnDelete",
    )


def _counts(status: Json) -> dict[str, Any]:
    names = {"total": "replicas", "updated": "updatedReplicas", "ready": "readyReplicas"}
    return {each: status.get(name, 0) for each, name in {**names, "available": "availableReplicas"}.items()}


def _max_unavailable(spec: Json) -> int:
    """Read how many pods may be missing, as the controller does (deployment/util: ResolveFenceposts)."""
    rolling, wanted = (spec.get("strategy") or {}).get("rollingUpdate") or {}, spec.get("replicas", 1)
    missing, more = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 1)
    if isinstance(missing, str):
        missing = int(missing.removesuffix("%")) * wanted // 100
    if isinstance(more, str):
        more = int(more.removesuffix("%")) * wanted
    return int(missing or not more)


def _common(data: Json) -> dict[str, Any]:
    """Read what the three kinds of controllers have in common."""
    meta, spec, status = data["metadata"], data["spec"], data.get("status", {})
    return {
        "name": meta["name"],
        "uid": meta["uid"],
        "version": meta.get("resourceVersion", ""),
        "generation": meta.get("generation", 0),
        "observed_generation": status.get("observedGeneration", 0),
        "template": template_hash(spec["template"]),
        "images": _images(spec["template"]),
        "annotations": meta.get("annotations", {}),
        "selector": spec.get("selector", {}).get("matchLabels", {}),
        "conditions": _conditions(status),
    }


def parse_replica_set(data: Json) -> ReplicaSet:
    """Read an apps/v1 ReplicaSet."""
    meta, spec = data["metadata"], data["spec"]
    return ReplicaSet(
        name=meta["name"],
        uid=meta["uid"],
        owner=_owner(meta),
        revision=meta.get("annotations", {}).get("deployment.kubernetes.io/revision", ""),
        images=_images(spec["template"]),
        replicas=spec.get("replicas", 0),
        conditions=_conditions(data.get("status", {})),
        created=parse_time(meta.get("creationTimestamp")),
    )


def parse_pod(data: Json) -> Pod:
    """Read a v1 Pod: its containers' statuses, init containers and sidecars among them."""
    meta, spec, status = data["metadata"], data.get("spec", {}), data.get("status", {})
    always = {each["name"] for each in spec.get("initContainers", ()) if each.get("restartPolicy") == "Always"}
    inits = [
        _container(each, init=True, sidecar=each["name"] in always) for each in status.get("initContainerStatuses", ())
    ]
    mains = [_container(each) for each in status.get("containerStatuses", ())]
    return Pod(
        name=meta["name"],
        uid=meta["uid"],
        owner=_owner(meta),
        phase=intern(status.get("phase") or ""),
        deleting="deletionTimestamp" in meta,
        reason=status.get("reason", ""),
        node=intern(spec.get("nodeName") or ""),
        created=parse_time(meta.get("creationTimestamp")),
        containers=(*inits, *mains),
        conditions=_conditions(status),
        revision=_mark(meta, _TEMPLATE_NUMBER) or _mark(meta, _TEMPLATE_HASH),
        template=_mark(meta, _TEMPLATE_HASH),
        ends=parse_time(meta.get("deletionTimestamp")),
        grace=meta.get("deletionGracePeriodSeconds", 30),
        nominated=bool(status.get("nominatedNodeName")),
    )


def parse_event(data: Json) -> Event:
    """Read a v1 Event; a series counts as often as it says, and was last observed when it says."""
    about, series = data.get("involvedObject", {}), data.get("series") or {}
    return Event(
        id=data["metadata"].get("uid") or data["metadata"].get("name", ""),
        uid=about.get("uid", ""),
        kind=intern(about.get("kind") or ""),
        name=about.get("name", ""),
        reason=intern(data.get("reason") or ""),
        message=data.get("message") or "",
        count=series.get("count") or data.get("count") or 1,
        type=intern(data.get("type") or "Normal"),
        container=_container_in(about.get("fieldPath") or ""),
        first=parse_time(data.get("firstTimestamp") or data.get("eventTime")),
        last=parse_time(data.get("lastTimestamp") or series.get("lastObservedTime") or data.get("eventTime")),
    )


def parse_job(data: Json) -> Job:
    """Read a batch/v1 Job."""
    meta, status = data["metadata"], data.get("status", {})
    return Job(
        name=meta["name"],
        uid=meta["uid"],
        labels=meta.get("labels", {}),
        images=tuple(_images(data["spec"]["template"]).values()),
        containers=tuple(_images(data["spec"]["template"])),
        created=parse_time(meta.get("creationTimestamp")),
        active=status.get("active", 0),
        succeeded=status.get("succeeded", 0),
        failed=status.get("failed", 0),
        conditions=_conditions(status),
    )


def template_hash(template: Json) -> str:
    """Name a pod template by its content: two are the same exactly if their hashes are."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=1024)
def parse_time(text: str | None) -> datetime | None:
    """Read a Kubernetes time (RFC 3339, UTC)."""
    return datetime.fromisoformat(text) if text else None


_PARSERS: Mapping[str, Callable[[Json], Object]] = {
    "Deployment": parse_controller,
    "StatefulSet": parse_controller,
    "DaemonSet": parse_controller,
    "ReplicaSet": parse_replica_set,
    "Pod": parse_pod,
    "Event": parse_event,
    "Job": parse_job,
}


def _images(template: Json) -> dict[str, str]:
    spec = template.get("spec", {})
    return {each["name"]: each.get("image", "") for each in spec.get("containers", ())}


def _owner(meta: Json) -> str:
    owners = meta.get("ownerReferences", ())
    return intern(next((each["uid"] for each in owners if each.get("controller", len(owners) == 1)), ""))


def _mark(meta: Json, label: str) -> str:
    """Return what a DaemonSet (by number and hash) or StatefulSet (by name) marks a pod with: the template it is of."""
    return intern(str((meta.get("labels") or {}).get(label) or ""))


def _container_in(field_path: str) -> str:
    """Read the name out of `spec.containers{name}` or `spec.initContainers{name}`."""
    _, brace, rest = field_path.partition("{")
    return rest.removesuffix("}") if brace else ""


def _conditions(status: Json) -> tuple[Condition, ...]:
    return tuple(
        _condition(
            each["type"],
            each["status"],
            each.get("reason") or "",
            each.get("message") or "",
            each.get("lastUpdateTime") or each.get("lastTransitionTime"),
        )
        for each in status.get("conditions") or ()
    )


@lru_cache(maxsize=4096)
def _condition(kind: str, status: str, reason: str, message: str, changed: str | None) -> Condition:
    """Make a condition, or return the one alike: thousands of pods are in the same one since the same second."""
    return Condition(intern(kind), intern(status), intern(reason), intern(message), parse_time(changed))


def _container(data: Json, *, init: bool = False, sidecar: bool = False) -> Container:
    last = data.get("lastState") or {}
    return Container(
        name=intern(data["name"]),
        image=intern(data.get("image") or ""),
        image_id=intern(data.get("imageID") or ""),
        ready=data.get("ready", False),
        restarts=data.get("restartCount", 0),
        state=_state(data.get("state") or {}),
        last=_state(last) if last else None,
        init=init,
        sidecar=sidecar,
    )


def _state(data: Json) -> State:
    for kind, detail in data.items():
        get = detail.get
        return _made_state(
            kind,
            get("reason") or "",
            get("message") or "",
            get("exitCode"),
            get("startedAt"),
            get("finishedAt"),
        )
    return State()


@lru_cache(maxsize=4096)
def _made_state(
    kind: str, reason: str, message: str, exit_code: int | None, started: str | None, finished: str | None
) -> State:
    """Make a state, or return the one alike, as for conditions."""
    return State(intern(kind), intern(reason), message, exit_code, parse_time(started), parse_time(finished))

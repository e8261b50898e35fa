"""One namespace of a cluster: read and write the objects promokit needs there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from attrs import evolve, frozen

from promokit.cluster.lines import stream_lines
from promokit.cluster.objects import Controller, Event, Job, Pod, ReplicaSet
from promokit.cluster.pages import Page
from promokit.cluster.parse import (
    parse_controller,
    parse_event,
    parse_job,
    parse_pod,
    parse_replica_set,
)
from promokit.cluster.transport import Away, Json, NotFound, Silent, Transport
from promokit.errors import Unreachable
from promokit.model import Kind, Workload

PAGE = 500
LOG_SILENT_SECONDS = 3600.0
GROUPS: Mapping[str, str] = {
    "deployments": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "daemonsets": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "controllerrevisions": "/apis/apps/v1",
    "pods": "/api/v1",
    "events": "/api/v1",
    "configmaps": "/api/v1",
    "jobs": "/apis/batch/v1",
    "leases": "/apis/coordination.k8s.io/v1",
}
RESOURCES: Mapping[Kind, str] = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}


@frozen
class Namespace:
    """The API of one namespace. Lists come in pages; every call is bounded in time."""

    transport: Transport
    name: str

    def within(self, seconds: float) -> Namespace:
        """Return the same namespace, which is asked for so many seconds from now and no longer."""
        return evolve(self, transport=self.transport.within(seconds))

    def path(self, resource: str, name: str = "") -> str:
        """Return the URL path of a resource, or of one object of it."""
        return f"{GROUPS[resource]}/namespaces/{self.name}/{resource}" + (f"/{name}" if name else "")

    def get(self, resource: str, name: str) -> Json | None:
        """Return one object as JSON, or None where there is none."""
        try:
            return _json(self.transport.request("GET", self.path(resource, name)))
        except NotFound:
            return None

    def pages(self, resource: str, query: Mapping[str, str] | None = None) -> Iterator[Page]:
        """Yield the pages of a list; each is to be read to its end before the next is asked."""
        going: dict[str, str] = {**(query or {}), "limit": str(PAGE)}
        while True:
            page = Page(self._listed(resource, going))
            yield page
            going["continue"] = page.metadata.get("continue") or ""
            if not going["continue"]:
                return

    def _listed(self, resource: str, query: Mapping[str, str]) -> Any:
        """Ask for a page. A list is never 404 on an API server, so this isn't one, or not of this version."""
        try:
            return self.transport.request("GET", self.path(resource), query=query)
        except NotFound as error:
            remedy = "check the cluster's endpoint"
            raise Unreachable("this doesn't answer as an API server", where=error.where, remedy=remedy) from error

    def items(self, resource: str, query: Mapping[str, str] | None = None) -> Iterator[Json]:
        """Yield the objects of a list."""
        for page in self.pages(resource, query):
            yield from page

    def controllers(self, workloads: Iterable[Workload]) -> dict[Workload, Controller]:
        """Return the controller of each workload that is there, from one list a kind."""
        wanted = list(workloads)
        found = {
            (kind, each["metadata"]["name"]): parse_controller({**each, "kind": kind})
            for kind in dict.fromkeys(each.kind for each in wanted)
            for each in self.items(RESOURCES[kind])
        }
        return {each: found[each.kind, each.name] for each in wanted if (each.kind, each.name) in found}

    def controller(self, workload: Workload) -> Controller | None:
        """Return a workload's controller, or None where there is none."""
        data = self.get(RESOURCES[workload.kind], workload.name)
        return parse_controller({**data, "kind": workload.kind}) if data else None

    def replica_sets(self) -> list[ReplicaSet]:
        """Return the ReplicaSets."""
        return [parse_replica_set(each) for each in self.items("replicasets")]

    def pods(self, query: Mapping[str, str] | None = None) -> list[Pod]:
        """Return the pods."""
        return [parse_pod(each) for each in self.items("pods", query)]

    def events(self, query: Mapping[str, str] | None = None) -> list[Event]:
        """Return the Events."""
        return [parse_event(each) for each in self.items("events", query)]

    def jobs(self, label_selector: str) -> list[Job]:
        """Return the Jobs with these labels."""
        return [parse_job(each) for each in self.items("jobs", {"labelSelector": label_selector})]

    def create(self, resource: str, body: Json) -> Json:
        """Create an object; Conflict if one of that name exists."""
        return _json(self.transport.request("POST", self.path(resource), body=body))

    def replace(self, resource: str, name: str, body: Json) -> Json:
        """Write an object whole; Conflict unless it still has the resourceVersion in `body`."""
        return _json(self.transport.request("PUT", self.path(resource, name), body=body))

    def json_patch(self, resource: str, name: str, operations: list[Json]) -> Json:
        """Apply a JSON patch (RFC 6902); Invalid when one of its tests fails or the result is refused."""
        kind = "application/json-patch+json"
        return _json(self.transport.request("PATCH", self.path(resource, name), body=operations, content_type=kind))

    def log_lines(self, pod: str, container: str) -> Iterator[str]:
        """Yield a container's log from its start, line by line as it is written, until it ends; Away if it is cut."""
        path = self.path("pods", f"{pod}/log")
        query = {"container": container, "follow": "true"}
        answer = self.transport.request("GET", path, query=query, read_seconds=LOG_SILENT_SECONDS)
        with suppress(Silent):
            yield from (line.decode("utf-8", "replace") for line in stream_lines(answer, cut_is_end=False))

    def log_tail(self, pod: str, container: str, *, lines: int = 20, previous: bool = False) -> list[str]:
        """Return a container's last log lines, at most 64 KiB; none where it has no log."""
        query = {"container": container, "tailLines": str(lines), "limitBytes": "65536"}
        if previous:
            query["previous"] = "true"
        path = self.path("pods", f"{pod}/log")
        return _text(self.transport.request("GET", path, query=query)).splitlines()


def _json(answer: Any) -> Json:
    try:
        found: Json | None = json.loads(_text(answer))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unreachable(
            "what answered is not what an API server says", remedy="check the cluster's endpoint and proxy"
        )
    return found


def _text(answer: Any) -> str:
    import urllib3

    try:
        data: bytes = answer.data
    except urllib3.exceptions.HTTPError as error:
        raise Away(f"the API server's answer broke off: {error}", remedy="run this again") from error
    return data.decode("utf-8", "replace")

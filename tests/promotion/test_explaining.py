"""What stands is explained by what the registry says of each workload's own image."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from promokit.cluster.objects import Controller, Event, Pod, ReplicaSet
from promokit.model import Workload
from promokit.promotion.clients import Clients
from promokit.promotion.explaining import explain_live
from promokit.rollout.policy import Policy
from tests.factories import container, deployment, digest, environment, event, image, pod, replica_set, waiting

NOW = datetime.now(UTC)
GONE, THERE = Workload("gone", "gone"), Workload("there", "there")
IMAGES = {GONE: image("a"), THERE: image("b")}


class Standing:
    """A namespace and a registry in one: both workloads' pods can't find their images, and one of these is there."""

    name = "credreg-test"
    workloads = (GONE, THERE)

    def namespace(self, _: object) -> Standing:
        return self

    def registry(self, _: str) -> Standing:
        return self

    def manifest(self, _: str, asked: object) -> object:
        return None if asked == digest("a") else {}

    def controllers(self, _: object) -> dict[Workload, Controller]:
        return {each: self.controller(each) for each in self.workloads}

    def controller(self, each: Workload) -> Controller:
        counts: dict[str, Any] = {"total": 3, "updated": 1, "ready": 2, "available": 2}
        return deployment(each.name, images={each.container: str(IMAGES[each])}, **counts)

    def replica_sets(self) -> list[ReplicaSet]:
        return [
            replica_set(uid=f"{each.name}-rs", owner=f"{each.name}-uid", images={each.container: str(IMAGES[each])})
            for each in self.workloads
        ]

    def pods(self) -> list[Pod]:
        created = NOW - timedelta(seconds=5)
        pulling = {"ready": False, "state": waiting("ErrImagePull", "not found"), "image_id": ""}
        return [
            pod(each.name, container(each.container, **pulling), owner=f"{each.name}-rs", created=created)
            for each in self.workloads
        ]

    def events(self) -> list[Event]:
        return [event("Failed", 'Failed to pull image "x": not found', uid=f"{each.name}-uid") for each in IMAGES]


def test_an_image_that_is_gone_is_no_cause_for_a_workload_with_another() -> None:
    """Its own is there, and may be found yet."""
    there = environment(workloads=Standing.workloads)
    found = explain_live(there, Policy(), cast("Clients", Standing())).assessment.judgements
    assert found[GONE].verdict.reason == "image-not-found"
    assert found[THERE].verdict.reason == "waiting"

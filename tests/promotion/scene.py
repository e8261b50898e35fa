"""One environment on the tests' own API server and registry, and what a test does to it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from attrs import evolve, frozen

from promokit.image import ImageRef
from promokit.ledger.book import Book
from promokit.ledger.store import read_book
from promokit.model import Environment, ImageSettings, Migration, Workload
from promokit.promotion.apply import apply
from promokit.promotion.clients import Clients
from promokit.promotion.plan import Plan
from promokit.promotion.planning import plan
from promokit.promotion.result import Result
from tests.cluster.api_server import ApiServer, Key
from tests.manifest_objects import Controller, deployment_json
from tests.promotion.registry_server import RegistryServer

FIRST, SECOND, THIRD = ("1" * 40, "2" * 40, "3" * 40)
"""Revision tags: of these the commit is known without asking."""


@frozen
class Scene:
    """The environment runs FIRST; SECOND and THIRD are in the registry too."""

    api: ApiServer
    registry: RegistryServer
    clients: Clients
    environment: Environment
    images: dict[str, ImageRef]

    @classmethod
    def made(cls, api: ApiServer, registry: RegistryServer, clients: Clients) -> Scene:
        images = {each: registry.add(each) for each in (FIRST, SECOND, THIRD)}
        environment = Environment(
            name="test",
            namespace="credreg-test",
            workloads=(Workload("main-app", "main-app"), Workload("worker-app", "worker")),
            image=ImageSettings(registry.repository, "master"),
            stable_for=timedelta(0),
            timeout=timedelta(seconds=20),
        )
        api.reactions.append(Controller(api, bad=str(images[THIRD].digest)))
        for name, container in (("main-app", "main-app"), ("worker-app", "worker")):
            api.put("deployments", name, deployment_json(container, str(images[FIRST])))
        return cls(api, registry, clients, environment, images)

    def events(self) -> list[dict[str, Any]]:
        """The Events that were written, oldest first."""
        found = [each for key, each in self.api.objects.items() if key[1] == "events"]
        return sorted(found, key=lambda each: int(each["metadata"]["resourceVersion"]))

    def planned(self, tag: str, **settings: Any) -> Plan:
        return plan(self.environment, tag=tag, clients=self.clients, **settings)

    def applied(self, tag: str, **settings: Any) -> Result:
        return apply(self.planned(tag), clients=self.clients, wait=0, **settings)

    def running(self) -> dict[str, str]:
        """Return what the Deployments ask for, as tags."""
        found = self.api.namespace().controllers(self.environment.workloads)
        return {key.name: each.images[key.container].partition("@")[0][-40:] for key, each in found.items()}

    def book(self) -> Book:
        return read_book(self.api.namespace())

    def state(self) -> dict[Key, str]:
        """Return the version of each object that a refusal must leave alone: all but the lease, and pods that crash."""
        return {
            key: each["metadata"]["resourceVersion"]
            for key, each in self.api.objects.items()
            if key[1] not in {"leases", "pods"}
        }

    def with_migration(self, folder: Path, **settings: Any) -> Scene:
        """Return the scene with a migration; its Job completes, or fails where the image is THIRD."""
        job = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "db-migrate"},
            "spec": {"suspend": True, "template": {"spec": {"containers": [{"name": "m", "image": "x"}]}}},
        }
        (folder / "job.yaml").write_text(yaml.safe_dump(job))
        bad = str(self.images[THIRD].digest)

        def run(key: Key) -> None:
            data = self.api.objects[key]
            if key[1] == "jobs" and "status" not in data:
                kind = "Failed" if bad in str(data["spec"]) else "Complete"
                self.api.write(key, {**data, "status": {"conditions": [{"type": kind, "status": "True"}]}})

        self.api.reactions.append(run)
        migration = Migration(folder / "job.yaml", **settings)
        return evolve(self, environment=evolve(self.environment, migration=migration))

"""A promotion from SANDBOX to PROD with all that is asked: cluster, registry, and GitHub's word on run and commit."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from attrs import evolve

from promokit.image import ImageRef
from promokit.model import ApprovalsGate, CiGate, Environment, Gates
from promokit.promotion.clients import Clients
from promokit.promotion.plan import Plan
from promokit.promotion.planning import plan
from tests.cluster.api_server import Key
from tests.factories import NOW
from tests.http_server import Respond, Server
from tests.manifest_objects import deployment_json
from tests.promotion.github_side import GitHubSide
from tests.promotion.scene import FIRST, Scene

Serve = Callable[[Respond], Server]
REVISION = "c" * 40
RUNS = "/actions/workflows/ci.yaml/runs"
PROD, SANDBOX = "credreg-prod", "credreg-sandbox"
BOTH = (("main-app", "main-app"), ("worker-app", "worker"))


class Promotion:
    """SANDBOX runs a release built from REVISION; it is to go to PROD by a run of GitHub that two have approved."""

    def __init__(self, scene: Scene, serve: Serve, **gates: Any) -> None:
        self.scene, self.github = scene, GitHubSide(REVISION)
        self.server = serve(self.github.respond)
        self.image = image = scene.registry.add("2026.11.24.0002", REVISION)
        self.run(SANDBOX, image)
        self.run(PROD, scene.images[FIRST])
        self.clients = Clients({**scene.clients.environ, **self.github.environ(self.server.url)})
        assert scene.environment.image is not None
        shared = evolve(scene.environment, image=evolve(scene.environment.image, allow_mutable_tags=True))
        sandbox = evolve(shared, name="sandbox", namespace=SANDBOX)
        guarded = {"ci": CiGate(("ci.yaml",)), "approvals": ApprovalsGate(("prod-approval", "prod")), **gates}
        self.prod: Environment = evolve(shared, name="prod", namespace=PROD, source=sandbox, gates=Gates(**guarded))
        self.slept: list[float] = []

    def planned(self, **settings: Any) -> Plan:
        return plan(
            self.prod,
            clients=self.clients,
            now=lambda: NOW + timedelta(seconds=sum(self.slept)),
            sleep=self.slept.append,
            **settings,
        )

    def word(self, gate: str, **settings: Any) -> str:
        made = self.planned(**settings)
        return next(each.word for each in made.answers if each.gate == gate)

    def asked(self, path: str) -> int:
        return sum(each.path.endswith(path) for each in self.server.asked)

    def run(self, namespace: str, image: ImageRef, *names: str) -> None:
        """Set Deployments of an environment to an image, as somebody else would; all of them unless they are named."""
        for name, container in BOTH:
            if not names or name in names:
                made = self.scene.api.objects.get((namespace, "deployments", name)) or deployment_json(container)
                made = copy.deepcopy(made)
                made["spec"]["template"]["spec"]["containers"][0]["image"] = str(image)
                self.scene.api.put("deployments", name, made, namespace)

    def state(self) -> dict[Key, str]:
        """The version of all that a refusal must leave alone: everything but the lease."""
        found = self.scene.api.objects.items()
        return {key: each["metadata"]["resourceVersion"] for key, each in found if key[1] != "leases"}

    def written(self, folder: Path, **gates: str) -> Path:
        """Write the same as a promokit.yaml, with the gates of PROD as YAML."""
        shared = "cluster: {context: test}, workloads: [main-app/main-app, worker-app/worker], stable-for: 0"
        told = {"ci": "{workflow: ci.yaml}", "approvals": "{environments: [prod-approval, prod]}", **gates}
        wanted = ", ".join(f"{key}: {value}" for key, value in told.items())
        text = f"""
image: {{repository: {self.scene.registry.repository}, branch: master, allow-mutable-tags: true}}
environments:
  sandbox: {{{shared}, namespace: {SANDBOX}}}
  prod:
    {{from: sandbox, {shared}, namespace: {PROD}, gates: {{{wanted}}}}}
"""
        (folder / "promokit.yaml").write_text(text)
        return folder / "promokit.yaml"

"""A cluster on a test's API server, and a repository in ECR's double, as one command sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from promokit.model import Environment, ImageSettings, Workload
from promokit.promotion.clients import Clients
from promokit.promotion.resolution import Resolved, resolve
from tests.cluster.api_server import ApiServer
from tests.cluster.kubeconfig import write_kubeconfig
from tests.doubles.control import control
from tests.lab.doubles.aws import AwsDouble
from tests.lab.doubles.images import Pushed, push_index
from tests.manifest_objects import Controller, deployment_json

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


@frozen
class Stage:
    """A cluster that rolls out what it is told, and a repository of the test's own in ECR."""

    api: ApiServer
    aws: AwsDouble
    registry: str
    name: str
    clients: Clients

    @property
    def repository(self) -> str:
        return f"{HOST}/{self.name}"

    def push(self, *tags: str, **settings: Any) -> Pushed:
        return [push_index(self.registry, self.name, tag, **settings) for tag in tags][-1]

    def run(self, image: str, digest: str) -> None:
        """Let the Deployment run an image, by the runtime's word this digest."""
        self.api.put("deployments", "main-app", deployment_json("main-app", image))
        for key, pod in self.api.objects.items():
            if key[1] == "pods":
                pod["status"]["containerStatuses"][0]["imageID"] = f"{self.repository}@{digest}"

    @property
    def environment(self) -> Environment:
        workloads = (Workload("main-app", "main-app"),)
        return Environment("test", "credreg-test", workloads, image=ImageSettings(self.repository, "master"))

    def resolved(self, **settings: Any) -> Resolved:
        return resolve(self.environment, clients=self.clients, **settings)

    def asked(self) -> list[str]:
        return [str(each["name"]) for each in self.aws.calls]


@pytest.fixture
def stage(aws: AwsDouble, registry: str, tmp_path: Path) -> Iterator[Stage]:
    with ApiServer() as api:
        api.reactions.append(Controller(api))
        name = f"stage/{tmp_path.name.lower()}"
        control(aws, "PUT", f"repositories/{name}", {"imageTagMutability": "IMMUTABLE"})
        environ = {
            **aws.environ("promokit-plan"),
            "KUBECONFIG": str(write_kubeconfig(tmp_path, api.url)),
            "HOME": str(tmp_path),
        }
        yield Stage(api, aws, registry, name, Clients(environ))

"""What exists: the pipeline, its environments and workloads, as types. `config.py` reads them from promokit.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal

from attrs import field, frozen

from promokit.errors import ConfigError
from promokit.freeze_windows import FreezeWindow


@frozen
class Cluster:
    """How a cluster is reached: an EKS cluster by name and region, or a context of a kubeconfig.

    With neither, the kubeconfig's current context, or the service account of the pod promokit runs in.
    """

    eks: str | None = None
    region: str | None = None
    context: str | None = None

    def __str__(self) -> str:
        return self.eks or self.context or "the current context"


Kind = Literal["Deployment", "StatefulSet", "DaemonSet", "Job"]
KINDS: tuple[Kind, ...] = ("Deployment", "StatefulSet", "DaemonSet")
"""The kinds that roll out; a Job is only judged beside them."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_OBJECT = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")


def is_label(text: str) -> bool:
    """Say whether a namespace or a container may have this name (RFC 1123, as Kubernetes checks it)."""
    return _LABEL.fullmatch(text) is not None


@frozen
class Workload:
    """One Deployment (or StatefulSet, DaemonSet) and the one container in it whose image promokit moves."""

    name: str
    container: str
    kind: Kind = "Deployment"

    def __str__(self) -> str:
        short = f"{self.name}/{self.container}"
        return short if self.kind == "Deployment" else f"{self.kind.lower()}/{short}"

    @property
    def object(self) -> str:
        """The object as kubectl takes it: `deployment/name`."""
        return f"{self.kind.lower()}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Workload:
        """Read `name/container` of a Deployment, or `kind/name/container`; ConfigError for anything else."""
        kinds: dict[str, Kind] = {each.lower(): each for each in KINDS}
        words = text.split("/")
        kind = kinds.get(words.pop(0)) if len(words) == 3 else "Deployment"
        if kind is None or len(words) != 2 or not (_OBJECT.fullmatch(words[0]) and is_label(words[1])):
            raise ConfigError(
                f"'{text}' is not a workload",
                remedy="write it as deployment/container; another kind as statefulset/name/container",
            )
        return cls(words[0], words[1], kind)


@frozen
class Migration:
    """The Job template of an environment's migration, and its place: before or after the rollout."""

    job: Path
    when: Literal["before", "after"] = "after"
    backward_compatible: bool = False


@frozen
class CiGate:
    """Workflows (file names) that must have succeeded for the image's commit; `wait` for those under way."""

    workflow: tuple[str, ...]
    wait: timedelta = timedelta(0)


@frozen
class ApprovalsGate:
    """The GitHub environments that must each have been approved, by as many different people."""

    environments: tuple[str, ...]


@frozen
class Gates:
    """The gates of an environment that have settings; the others need none."""

    ci: CiGate | None = None
    approvals: ApprovalsGate | None = None
    bake: timedelta | None = None
    freeze: tuple[FreezeWindow, ...] = ()


@frozen
class ImageSettings:
    """Where released images live (`host/path`), the branch they must come from, whether tags may move."""

    repository: str
    branch: str
    allow_mutable_tags: bool = False


@frozen
class Environment:
    """A cluster, a namespace, the workloads there (the first is the reference), and what it is promoted from."""

    name: str
    namespace: str
    workloads: tuple[Workload, ...]
    cluster: Cluster = Cluster()
    image: ImageSettings | None = None
    source: Environment | None = field(default=None, repr=False)
    migration: Migration | None = None
    gates: Gates = Gates()
    also_from: tuple[str, ...] = ()
    stable_for: timedelta = timedelta(seconds=10)
    timeout: timedelta = timedelta(minutes=15)
    blind_for: timedelta = timedelta(seconds=60)
    crashes: int = 2
    auto_rollback: bool = False

    @property
    def reference(self) -> Workload:
        """The workload whose digest is the environment's."""
        return self.workloads[0]

    def allows_repository(self, repository: str) -> bool:
        """Say whether images of this repository may run here."""
        return self.image is None or repository in {self.image.repository, *self.also_from}

    def settings(self) -> ImageSettings:
        """Return the pipeline's image settings; ConfigError for an environment made of plain inputs."""
        if self.image is None:
            raise ConfigError(f"environment {self.name} has no image settings", remedy="describe it in promokit.yaml")
        return self.image


@frozen
class Slack:
    """The channel that messages go to."""

    channel: str


@frozen
class Notify:
    """Who is told."""

    slack: Slack | None = None


@frozen
class Pipeline:
    """All of promokit.yaml. `pipeline["prod"]` is an Environment."""

    image: ImageSettings
    environments: Mapping[str, Environment]
    notify: Notify = Notify()

    def __getitem__(self, name: str) -> Environment:
        if name not in self.environments:
            known = ", ".join(self.environments)
            raise ConfigError(f"there is no environment '{name}'", remedy=f"use one of: {known}")
        return self.environments[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.environments)

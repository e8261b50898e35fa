"""What a case of a rollout is: what is there, the change, what happens meanwhile, and how it has to be judged."""

from __future__ import annotations

from attrs import frozen

from tests.lab.cases.steps import Create, SetImage, Step
from tests.lab.place import Manifest


@frozen
class Judged:
    """How a rollout must end when it is judged with these flags, and the rule in words that says so."""

    outcome: str
    reason: str
    rule: str
    flags: str = "--stable-for 2s"
    blames: str = "web/pod/app"
    """What the evidence names, unless it succeeds: the workload; and that a pod is; and the container in it."""


@frozen
class Case:
    """One rollout. Times are seconds, `meanwhile`'s and `seconds` since the change."""

    name: str
    before: tuple[Manifest, ...]
    """What is applied first, in order."""
    change: tuple[Step, ...]
    """The change that is judged: other images, or a migration's Job."""
    judged: tuple[Judged, ...]
    ground: tuple[Step, ...] = ()
    """What has to happen before `before`."""
    healthy: bool = True
    """Whether the workloads of `before` get complete before anything else happens."""
    prepare: tuple[Step, ...] = ()
    """What happens after that and before the change."""
    meanwhile: tuple[tuple[float, Step], ...] = ()
    seconds: float = 20
    """How long to look at it."""
    alone: bool = False
    """Whether it would disturb other cases on its cluster."""
    replayed_only: bool = False
    """Whether only its recording is judged so each time.

    `migrate` goes by a Job's conditions alone, and waits for its timeout. A ReplicaSet that a quota refused asks again
    after pauses that double, up to a quarter of an hour: its pod may come too late for any timeout.
    """
    cleanup: tuple[Step, ...] = ()
    """What has to be put back outside the namespace."""

    @property
    def workloads(self) -> tuple[str, ...]:
        """What the change changes: `kind/name/container` of a workload, `job/name` of a migration."""
        return tuple(_changed(step) for step in self.change)


def _changed(step: Step) -> str:
    if isinstance(step, SetImage):
        return step.workload
    if isinstance(step, Create):
        return f"{step.manifest['kind'].lower()}/{step.manifest['metadata']['name']}"
    raise TypeError(f"{step} changes no workload")

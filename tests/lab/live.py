"""Plays a case with promokit itself: it makes the case's change on the lab, and says how the rollout ended."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from attrs import define, evolve, field, frozen

from promokit.cluster.connect import connect
from promokit.cluster.namespace import Namespace
from promokit.image import ImageRef
from promokit.migration.run import run_migration
from promokit.model import Cluster, Workload
from promokit.registry import open_registry
from promokit.rollout.judgement import Evidence
from promokit.rollout.roll_out import Watching, roll_out
from tests.lab import stage
from tests.lab.cases.case import Case, Judged
from tests.lab.cases.steps import Create, SetImage
from tests.lab.faults import Fault
from tests.lab.layout import ECR_HOST, REGISTRY_ADDRESS
from tests.lab.place import Place
from tests.timelines import named, policy_of

_LONGEST = 120.0
"""Seconds: what hasn't ended so long after its case has is wrong, whatever it comes to."""
_SHOWN = 100
"""Letters of a message: those of the cluster are long."""


@frozen
class Ending:
    """How a rollout of a case ended; `hits` is how often the fault hit that it was under."""

    outcome: str
    reason: str
    t: float
    evidence: tuple[Evidence, ...] = ()
    hits: int = 0

    def __str__(self) -> str:
        told = [f"{each.workload} {each.pod} {each.container} {each.message[:_SHOWN]}" for each in self.evidence]
        return " | ".join((f"{self.outcome}, {self.reason} at {self.t:.2f} s", *told))


def judged_live(case: Case) -> Judged:
    """The first way in which the case is judged, whose end can be waited for."""
    return next(each for each in case.judged if each.outcome != "progressing")


def wrong(case: Case, ending: Ending) -> str:
    """Say what is wrong with how a case ended: not as it is judged, or too little said of what is to blame."""
    judged = judged_live(case)
    if (ending.outcome, ending.reason) != (judged.outcome, judged.reason):
        return f"{ending} instead of {judged.outcome}, {judged.reason}"
    if judged.outcome != "succeeded" and judged.blames not in {named(each) for each in ending.evidence}:
        return f"{ending} doesn't blame {judged.blames}"
    began = judged.reason != "cannot-start"  # what never ran has said nothing
    if began and any(each.exit_code is not None and not each.log for each in ending.evidence):
        return f"{ending} lacks the container's last words"
    return ""


def play(case: Case, images: dict[str, str], fault: type[Fault] | None = None) -> Ending:
    """Play a case to promokit's verdict, where one is given under a fault."""
    alone, suffix = fault is not None and fault.disturbs, f"-{fault.name}" if fault else ""
    with (
        stage.staged(case, images, alone=alone, suffix=suffix) as place,
        tempfile.TemporaryDirectory(prefix="promokit-live-") as folder,
        (fault or _NoFault)(place.cluster, Path(folder)).ready() as trouble,
    ):
        namespace = Namespace(connect(Cluster(), {"KUBECONFIG": str(trouble.kubeconfig)}), place.namespace)
        with _story(case, place, trouble) as story:
            ending = _rolled_out(case, place, namespace, story)
        return evolve(ending, hits=trouble.hits)


class _NoFault(Fault):
    """Nothing goes wrong."""

    name = "none"
    first = every = float("inf")
    hits = 0

    def strike(self) -> None:
        raise AssertionError


@define
class _Story:
    """What happens meanwhile, from the change on until the verdict."""

    zero: float = 0.0
    changed: threading.Event = field(factory=threading.Event)
    over: threading.Event = field(factory=threading.Event)

    def go_on(self) -> None:
        """Begin, at promokit's first look after the change."""
        if not self.changed.is_set():
            self.zero = time.monotonic()
            self.changed.set()


@contextlib.contextmanager
def _story(case: Case, place: Place, fault: Fault) -> Iterator[_Story]:
    story = _Story()
    with ThreadPoolExecutor(2) as pool:
        steps = pool.submit(_carry_on, case, place, story)
        strikes = pool.submit(_strike, fault, story)
        try:
            yield story
        finally:
            story.over.set()
            story.changed.set()
        steps.result()
        strikes.result()


def _carry_on(case: Case, place: Place, story: _Story) -> None:
    story.changed.wait()
    stage.carry_on(case, place, story.zero, until=story.over.is_set)


def _strike(fault: Fault, story: _Story) -> None:
    story.changed.wait()
    wait = fault.first
    while not story.over.wait(min(wait, threading.TIMEOUT_MAX)):
        fault.strike()
        wait = fault.every


def _rolled_out(case: Case, place: Place, namespace: Namespace, story: _Story) -> Ending:
    if all(isinstance(step, SetImage) for step in case.change):
        return _images_changed(case, place, namespace, story)
    (step,) = case.change
    assert isinstance(step, Create)
    return _migrated(step, place, namespace, story)


def _images_changed(case: Case, place: Place, namespace: Namespace, story: _Story) -> Ending:
    images = {
        Workload.parse(step.workload): str(place.filled(step.image))
        for step in case.change
        if isinstance(step, SetImage)
    }
    policy = policy_of(judged_live(case).flags)
    if policy.image_exists == "no":  # the registry is there to be asked
        policy = evolve(policy, image_exists="unknown")
    policy = evolve(policy, timeout=min(policy.timeout, case.seconds + _LONGEST))
    verdict = roll_out(
        namespace,
        images,
        policy,
        cause="a case of the lab",
        watching=Watching(stopped=story.go_on, exists=_exists),
    ).verdict
    return Ending(verdict.outcome, verdict.reason, verdict.t, verdict.evidence)


def _migrated(step: Create, place: Place, namespace: Namespace, story: _Story) -> Ending:
    manifest = place.filled(dict(step.manifest))
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    lines: list[str] = []
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as template:
        template.write(yaml.safe_dump(manifest))
        template.flush()
        verdict = run_migration(
            namespace,
            Path(template.name),
            ImageRef.parse(container["image"]),
            timeout=_LONGEST,
            progress=lines.append,
            stopped=story.go_on,
        )
    pods = {line.partition(" ")[0] for line in lines}
    workload = f"job/{manifest['metadata']['name']}/{container['name']}"
    evidence = tuple(Evidence(workload, pod, container["name"], message=verdict.message) for pod in sorted(pods))
    return Ending(verdict.outcome, verdict.reason, verdict.seconds, evidence)


def _exists(image: str) -> bool:
    """Ask the lab's registry, which this machine knows by another name than the nodes."""
    reference = ImageRef.parse(image)
    repository = reference.name.replace(ECR_HOST, f"{REGISTRY_ADDRESS}:80", 1)
    assert reference.digest is not None
    return open_registry(repository, {}).manifest(repository, reference.digest) is not None

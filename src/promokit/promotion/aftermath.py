"""What is true of an environment whose operation was stopped: which workloads have its image, and how they stand."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Controller
from promokit.errors import PromokitError
from promokit.image import ImageRef, tag_in
from promokit.migration.job import read_template
from promokit.migration.run import migration_jobs
from promokit.migration.verdict import judge_job
from promokit.model import Environment


@frozen
class Aftermath:
    """A sentence for each workload, and for each Job of the image's migration, by their names.

    `there` are the workloads that are set to `image`. `known` is False where the cluster couldn't be asked in time.
    """

    image: str
    workloads: Mapping[str, str] = field(factory=dict)
    jobs: Mapping[str, str] = field(factory=dict)
    there: frozenset[str] = frozenset()
    known: bool = True

    def changed(self, previous: Mapping[str, str]) -> bool:
        """Whether an operation that found `previous` images has changed anything; it may have if it isn't known."""
        moved = any(previous.get(each) != self.image for each in self.there)
        return not self.known or moved or "progressing" in self.jobs.values()

    def told(self) -> str:
        """Say all of it in a line."""
        if not self.known:
            return "how the workloads stand can't be told: the API server didn't answer in time"
        return "; ".join(f"{name} {sentence}" for name, sentence in {**self.workloads, **self.jobs}.items())


def aftermath(namespace: Namespace, environment: Environment, image: str) -> Aftermath:
    """Look at an environment whose operation brought `image`. Never raises a PromokitError."""
    try:
        found = namespace.controllers(environment.workloads)
        jobs = _jobs(namespace, environment, image)
    except PromokitError:
        return Aftermath(image, known=False)
    set_to_it = {each for each, seen in found.items() if seen.images.get(each.container) == image}
    sentences = {
        str(each): _sentence(found.get(each), each.container, image, each in set_to_it)
        for each in environment.workloads
    }
    return Aftermath(image, sentences, jobs, frozenset(map(str, set_to_it)))


def _sentence(controller: Controller | None, container: str, image: str, is_set: bool) -> str:
    if controller is None:
        return "isn't there"
    if not is_set:
        return f"is still set to {tag_in(controller.images.get(container, '')) or 'another image'}"
    if controller.observed_generation < controller.generation:
        return f"is set to {tag_in(image)}, its rollout hasn't begun"
    counts = f"{controller.updated} of {controller.wanted} pods are new, {controller.ready} ready"
    return f"is set to {tag_in(image)}: {counts}"


def _jobs(namespace: Namespace, environment: Environment, image: str) -> dict[str, str]:
    digest = ImageRef.parse(image).digest if image else None
    if environment.migration is None or digest is None:
        return {}
    found = migration_jobs(namespace, read_template(environment.migration.job), digest)
    return {f"Job {each.name}": str(judge_job(each, each.name).outcome) for each in found}

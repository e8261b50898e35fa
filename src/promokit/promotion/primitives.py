"""The ungated primitives, for repositories without promokit.yaml and for scripts: no gates, no lease, no ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import evolve

from promokit.errors import ConfigError
from promokit.identity.tags import digest_of
from promokit.image import ImageRef
from promokit.migration.run import run_migration as run_job
from promokit.model import Environment, Migration, Workload
from promokit.promotion.clients import Clients
from promokit.promotion.result import Result, of_migration, of_rollout
from promokit.promotion.stopping import telling
from promokit.promotion.watched import watched
from promokit.rollout.policy import Policy
from promokit.rollout.roll_out import roll_out as pin_and_follow

Progress = Callable[[str], None]


def pinned(image: str, clients: Clients) -> ImageRef:
    """Read an image and pin it by digest, asking the registry what an immutable tag means."""
    reference = ImageRef.parse(image)
    if reference.digest is not None:
        return reference
    if reference.tag is None:
        raise ConfigError(f"{image} names no version", remedy="write it as repository:tag@sha256:…")
    return reference.with_(digest=digest_of(clients.asked(reference.name), reference.name, reference.tag))


def roll_out(
    where: Environment,
    image: ImageRef,
    policy: Policy | None = None,
    *,
    clients: Clients | None = None,
    progress: Progress = lambda text: None,
    record: Path | None = None,
) -> Result:
    """Pin `image` on every workload of `where` and follow it to a verdict. No gates."""
    clients = clients or Clients()
    namespace, before = clients.namespace(where), dict[str, str]()

    def begins(previous: Mapping[Workload, str]) -> None:
        before.update({str(each): running for each, running in previous.items()})

    with telling(namespace, where, str(image), lambda: before or None):
        done = pin_and_follow(
            namespace,
            dict.fromkeys(where.workloads, str(image)),
            policy or Policy.of(where),
            cause=f"promokit rollout {image.tag or image.digest} by {clients.context.actor}",
            watching=evolve(watched(clients, progress, record=record), begins=begins),
        )
    return of_rollout(
        done.verdict,
        changed=done.changed,
        image=str(image),
        previous=done.previous[where.reference],
        standings=done.standings,
    )


def run_migration(
    where: Environment,
    job: Path,
    image: ImageRef,
    *,
    clients: Clients | None = None,
    progress: Progress = lambda text: None,
) -> Result:
    """Run the Job of the template `job` with `image` and follow it to a verdict, unless it succeeded already."""
    namespace = (clients or Clients()).namespace(where)
    with telling(namespace, evolve(where, workloads=(), migration=Migration(job)), str(image), dict[str, str]):
        verdict = run_job(
            namespace,
            job,
            image,
            timeout=where.timeout.total_seconds(),
            blind_for=where.blind_for.total_seconds(),
            progress=progress,
        )
    return of_migration(verdict, changed=verdict.changed, image=str(image))

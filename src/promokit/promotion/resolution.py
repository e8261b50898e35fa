"""What runs in an environment, proven, with its tag and commit; or what a tag means."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from promokit.errors import ConfigError, PromokitError, Refused, Unreachable
from promokit.identity.tags import commit_of, digest_of, release_tag_of
from promokit.image import ImageRef
from promokit.model import Environment
from promokit.promotion.clients import Clients
from promokit.promotion.survey import survey

_UNDECIDED = {"rollout-under-way", "no-digest", "two-digests"}


@frozen
class Resolved:
    """An image that runs or that a tag means. `healthy` and `since` are told only of one that runs."""

    image: ImageRef
    revision: str
    healthy: bool | None = None
    since: datetime | None = None


def resolve(environment: Environment, *, require_healthy: bool = False, clients: Clients | None = None) -> Resolved:
    """Return what the environment's reference workload runs, proven from its pods.

    Errors: Unreachable while it can't be proven, ConfigError where it can't run, Refused with `require_healthy`
    unless every workload is healthy.
    """
    clients = clients or Clients()
    found = survey(clients.namespace(environment), environment)
    proof = found.reference
    if proof.digest is None:
        raise _unproven(proof.reason)(
            f"what {proof.workload} runs isn't proven: {proof.reason}", where=environment.name, remedy=proof.remedy
        )
    bad = [each for each in found.verdicts.values() if each.outcome != "succeeded"]
    if require_healthy and bad:
        raise Refused(
            f"healthy: {bad[0].workload} is {bad[0].outcome}: {bad[0].reason}",
            where=environment.name,
            remedy=bad[0].remedy or "wait until it is healthy",
        )
    name = ImageRef.parse(proof.image).name
    registry = clients.registry(name)
    image = ImageRef.parse(name).with_(tag=release_tag_of(registry, proof.image, proof.digest), digest=proof.digest)
    return Resolved(image, commit_of(registry, image), not bad, proof.since)


def resolve_tag(environment: Environment, tag: str, *, clients: Clients | None = None) -> Resolved:
    """Return the image that an immutable tag means, in the repository of releases or those allowed here."""
    clients = clients or Clients()
    missing: ConfigError | None = None
    for repository in (environment.settings().repository, *environment.also_from):
        registry = clients.registry(repository)
        try:
            image = ImageRef.parse(repository).with_(tag=tag, digest=digest_of(registry, repository, tag))
        except ConfigError as error:
            missing = missing or error
            continue
        return Resolved(image, commit_of(registry, image))
    assert missing is not None  # noqa: S101 - there is at least one repository
    raise missing


def _unproven(reason: str) -> type[PromokitError]:
    return Unreachable if reason in _UNDECIDED else Refused

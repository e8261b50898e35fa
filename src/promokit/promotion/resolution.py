"""What runs in an environment, proven, with its tag and commit; or what a tag means."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from attrs import frozen

from promokit.errors import ConfigError, PromokitError, Refused, Unreachable
from promokit.identity.tags import commit_of, digest_of, release_tag_of
from promokit.image import ImageRef
from promokit.model import Environment
from promokit.promotion.clients import Clients
from promokit.promotion.looking import Look, at_rest, look

_UNDECIDED = {"rollout-under-way", "no-digest", "two-digests"}


@frozen
class Resolved:
    """An image that runs or that a tag means. `healthy` and `since` are told only of one that runs."""

    image: ImageRef
    revision: str
    healthy: bool | None = None
    since: datetime | None = None


def resolve(
    environment: Environment,
    *,
    tag: str | None = None,
    require_healthy: bool = False,
    wait: bool = False,
    clients: Clients | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Resolved:
    """Return what the environment's reference workload runs, proven from its pods.

    `tag` is the one it must have: needed where the image is pinned without a tag and the registry isn't ECR. `wait`: a
    rollout under way is waited for, as long as the environment's timeout. `healthy` says whether every workload runs
    this digest and is Ready. Errors: Unreachable while it can't be proven, ConfigError without a tag, Refused where
    nothing can be proven, or with `require_healthy` where not all is healthy; VerificationFailed when the tag means
    another digest. The error's `reason` is the word of the doubt.
    """
    clients = clients or Clients()
    found = at_rest(environment, clients, sleep) if wait else look(environment, clients)
    proof = found.reference
    if proof.digest is None:
        raise _unproven(found)
    unhealthy = found.unhealthy()
    if require_healthy and unhealthy:
        why, remedy = unhealthy
        raise Refused(f"healthy: {why}", where=environment.name, remedy=remedy, reason="unhealthy")
    name = ImageRef.parse(proof.image).name
    registry = found.registry(name)
    release = release_tag_of(registry, proof.image, proof.digest, tag)
    image = ImageRef.parse(name).with_(tag=release, digest=proof.digest)
    return Resolved(image, commit_of(registry, image), unhealthy is None, proof.since)


def resolve_tag(environment: Environment, tag: str, *, clients: Clients | None = None) -> Resolved:
    """Return the image that an immutable tag means, in the repository of releases or those allowed here."""
    clients = clients or Clients()
    missing: ConfigError | None = None
    for repository in (environment.settings().repository, *environment.also_from):
        registry = clients.asked(repository)
        try:
            image = ImageRef.parse(repository).with_(tag=tag, digest=digest_of(registry, repository, tag))
        except ConfigError as error:
            missing = missing or error
            continue
        return Resolved(image, commit_of(registry, image))
    assert missing is not None  # noqa: S101 - there is at least one repository
    raise missing


def _unproven(found: Look) -> PromokitError:
    """Return the doubt; where a registry might have dispelled it, and couldn't be asked, why it couldn't."""
    proof, where = found.reference, found.environment.name
    what = f"what {proof.workload} runs isn't proven: {proof.reason}"
    if unasked := found.unasked.get(proof.workload):
        what = f"{what}, and the registry can't be asked what the digests mean: {unasked.what}"
        return Unreachable(what, where=where, remedy=unasked.remedy, reason=proof.reason)
    kind = Unreachable if proof.reason in _UNDECIDED else Refused
    return kind(what, where=where, remedy=proof.remedy, reason=proof.reason)

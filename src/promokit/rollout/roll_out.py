"""The ungated primitive: pin images on the workloads of an environment and follow them to a verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from attrs import evolve, frozen

from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Deployment
from promokit.errors import ConfigError, PromokitError, Superseded
from promokit.model import Workload
from promokit.rollout.change import set_image, write_epoch
from promokit.rollout.follow import follow
from promokit.rollout.policy import Policy
from promokit.rollout.reasons import Outcome
from promokit.rollout.verdict import Evidence, Verdict


@frozen
class Rollout:
    """What a rollout came to: the verdict, whether anything was changed, and each workload's image before."""

    verdict: Verdict
    changed: bool
    previous: dict[Workload, str]


def roll_out(
    namespace: Namespace,
    images: Mapping[Workload, str],
    policy: Policy,
    *,
    cause: str,
    epoch: int | None = None,
    expected: Mapping[Workload, str] | None = None,
    progress: Callable[[str], None] = lambda text: None,
    stopped: Callable[[], str | None] = lambda: None,
) -> Rollout:
    """Pin on each workload its image unless it has it already, then follow all of them until their verdict.

    No gates are asked. `images` are references as they are to stand in the cluster. `expected` are the images that
    may be replaced: a workload that runs another is Superseded. With an `epoch` each patch tests it. Errors:
    ConfigError for a missing Deployment or container, Superseded, Unreachable before anything was changed.
    """
    before = _present(namespace, images)
    previous = {each: before[each].images[each.container] for each in images}
    for workload, wanted in (expected or {}).items():
        if previous[workload] not in {wanted, images[workload]}:
            raise Superseded(
                f"superseded: {workload} runs {previous[workload]}, not {wanted} as planned",
                remedy="make a new plan",
            )
    latest = {each.name: each for each in before.values()}
    if epoch is not None:
        for deployment in latest.values():
            write_epoch(namespace, deployment, epoch)
    started = time.monotonic()
    done: list[Workload] = []
    for workload, image in images.items():
        if previous[workload] == image:
            continue
        try:
            latest[workload.deployment] = set_image(
                namespace, workload, image, expected=previous[workload], epoch=epoch, cause=cause
            )
        except PromokitError as error:
            if not done or isinstance(error, Superseded):
                error.changed = bool(done)
                raise
            return Rollout(_half_changed(done, workload, error), True, previous)
        done.append(workload)
    policies = {each: _judged_by(policy, latest[each.deployment]) for each in images}
    verdict = follow(namespace, policies, started=started, progress=progress, stopped=stopped)
    return Rollout(verdict, bool(done), previous)


def _half_changed(done: list[Workload], failed: Workload, error: PromokitError) -> Verdict:
    """Say which workloads have the new image and which one couldn't get it."""
    told = f"{', '.join(map(str, done))} changed, {failed} not: {error.what}"
    return Verdict(Outcome.FAILED, "half-changed", evidence=(Evidence(str(failed), message=told),))


def _judged_by(policy: Policy, deployment: Deployment) -> Policy:
    return evolve(policy, generation=deployment.generation, template=deployment.template, uid=deployment.uid)


def _present(namespace: Namespace, workloads: Iterable[Workload]) -> dict[Workload, Deployment]:
    found = namespace.deployments()
    for workload in workloads:
        if workload.deployment not in found:
            raise ConfigError(
                f"there is no Deployment {workload.deployment} in namespace {namespace.name}",
                remedy="apply the manifests first, or mend workloads: in promokit.yaml",
            )
        if workload.container not in found[workload.deployment].images:
            raise ConfigError(
                f"Deployment {workload.deployment} has no container {workload.container}",
                remedy=f"its containers are: {', '.join(found[workload.deployment].images)}",
            )
    return {each: found[each.deployment] for each in workloads}

"""Applying a plan, exactly: lease, gates again, record, rollout and migration in their order, record."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from attrs import evolve

from promokit.cluster.namespace import Namespace
from promokit.errors import PromokitError, Refused, Superseded
from promokit.image import ImageRef
from promokit.ledger.record import migrations
from promokit.ledger.store import read_book
from promokit.migration.run import migrated, run_migration
from promokit.model import Environment
from promokit.promotion.clients import Clients
from promokit.promotion.going_back import go_back
from promokit.promotion.plan import Plan, Promise, promise_of
from promokit.promotion.result import Result, of_migration, of_rollout
from promokit.promotion.step import Step, kind_of, step_of
from promokit.promotion.watched import watched
from promokit.rollout.policy import Policy
from promokit.rollout.roll_out import roll_out

LEASE_WAIT_SECONDS = 600.0
Progress = Callable[[str], None]


def apply(
    plan: Plan,
    *,
    clients: Clients | None = None,
    progress: Progress = lambda text: None,
    wait: float = LEASE_WAIT_SECONDS,
    record: Path | None = None,
) -> Result:
    """Do exactly what the plan says and return what it came to.

    Refused when a gate refuses now or something that was decided has changed; then nothing was changed. `record` is
    the file of the flight recorder.
    """
    clients = clients or Clients()
    promise, environment = promise_of(plan), plan.environment
    if promise.nothing:
        return Result("succeeded", promise.nothing)
    kind = kind_of(environment)
    with step_of(environment, promise, kind, clients=clients, progress=progress, wait=wait) as step:
        rollout, migration = partial(_roll_out, step, promise, clients, record), partial(_migrate, step)
        parts = {"none": (rollout,), "after": (rollout, migration), "before": (migration, rollout)}
        return step.finish(_in_turn(parts[plan.migrate]), more=False)


def _in_turn(parts: tuple[Callable[[], Result], ...]) -> Result:
    """Do one part after the other, the next only if the one before succeeded."""
    result: Result | None = None
    for part in parts:
        try:
            done = part()
        except PromokitError as error:
            error.changed = error.changed or (result is not None and result.changed)
            raise
        result = done if result is None else _joined(result, done)
        if not result.succeeded:
            break
    assert result is not None  # noqa: S101 - there is at least one part
    return result


def apply_rollout(
    environment: Environment,
    promise: Promise,
    *,
    clients: Clients,
    progress: Progress = lambda text: None,
    wait: float = LEASE_WAIT_SECONDS,
    record: Path | None = None,
) -> Result:
    """Apply the rollout of a plan; the operation stays open where a migration follows."""
    if promise.nothing:
        return Result("succeeded", promise.nothing)
    before, after = promise.decided["migrate"] == "before", promise.decided["migrate"] == "after"
    if before:
        _need_migrated(environment, promise, clients)
    with step_of(environment, promise, kind_of(environment), clients=clients, progress=progress, wait=wait) as step:
        result = _roll_out(step, promise, clients, record)
        return step.finish(result, more=after and result.succeeded)


def _roll_out(step: Step, promise: Promise, clients: Clients, record: Path | None) -> Result:
    """Pin the image on every workload and follow it; go back by itself where that is wanted."""
    environment = step.environment
    done = roll_out(
        step.operation.namespace,
        dict.fromkeys(environment.workloads, str(step.image)),
        evolve(Policy.of(environment), image_exists="yes"),  # its tag was just resolved there
        cause=step.cause,
        epoch=step.operation.lease.epoch,
        expected=step.expected,
        watching=watched(clients, step.progress, record=record, stopped=step.operation.lease.lost),
    )
    result = of_rollout(
        done.verdict,
        changed=done.changed,
        migration="succeeded" if promise.decided["migrate"] == "before" else "",
        image=str(step.image),
        previous=done.previous[environment.reference],
        standings=done.standings,
    )
    if result.outcome in {"failed", "timed_out"} and environment.auto_rollback:
        result = go_back(step, done, result, clients)
    return result


def apply_migration(
    environment: Environment,
    promise: Promise,
    *,
    clients: Clients,
    progress: Progress = lambda text: None,
    wait: float = LEASE_WAIT_SECONDS,
) -> Result:
    """Apply the migration of a plan; the operation stays open where the rollout follows.

    By itself it is an operation of its own, and refused where it belongs after a rollout that wasn't made.
    """
    if promise.nothing or environment.migration is None:
        return Result("succeeded", promise.nothing or "none")
    after = environment.migration.when == "after"
    namespace, image = clients.namespace(environment), str(promise.decided["image"])
    check = (lambda: _need_rolled_out(namespace, environment, image)) if after else (lambda: None)
    kind = "migration" if after else kind_of(environment)
    with step_of(environment, promise, kind, clients=clients, progress=progress, wait=wait, check=check) as step:
        result = _migrate(step)
        return step.finish(result, more=not after and result.succeeded)


def _migrate(step: Step) -> Result:
    """Run the migration unless the ledger says that it succeeded here; never for whoever lost the lease."""
    environment, lease, namespace = step.environment, step.operation.lease, step.operation.namespace
    assert environment.migration is not None  # noqa: S101 - told to the type checker
    after = environment.migration.when == "after"
    image, previous = str(step.image), step.previous
    if str(step.image.digest) in migrations(step.book.lines):
        return Result("succeeded", "already-done", image=image, previous=previous, migration="succeeded")

    def confirm() -> None:
        lease.confirm()
        if after and (moved := _not_running(namespace, environment, image)):
            raise Superseded(f"superseded: {moved}", remedy="see history, then start again from a new plan")

    verdict = run_migration(
        namespace,
        environment.migration.job,
        step.image,
        timeout=environment.timeout.total_seconds(),
        blind_for=environment.blind_for.total_seconds(),
        progress=step.progress,
        stopped=lease.lost,
        confirm=confirm,
    )
    result = of_migration(verdict, changed=verdict.changed, image=image, previous=previous)
    if after and not result.succeeded:
        return evolve(result, next_steps=(f"the image stays; to go back: promokit rollback {environment.name}",))
    return result


def _need_migrated(environment: Environment, promise: Promise, clients: Clients) -> None:
    """A migration that runs before the rollout must have succeeded for this image, whoever ran it."""
    digest, namespace = ImageRef.parse(str(promise.decided["image"])).digest, clients.namespace(environment)
    if environment.migration is None or digest is None or str(digest) in migrations(read_book(namespace).lines):
        return
    if not migrated(namespace, environment.migration.job, digest):
        raise Refused(
            f"the migration of this image hasn't succeeded in {environment.name}, and it runs before the rollout",
            where=environment.name,
            remedy="run it first with the same plan, or let promokit promote do both",
        )


def _need_rolled_out(namespace: Namespace, environment: Environment, image: str) -> None:
    if moved := _not_running(namespace, environment, image):
        raise Refused(
            f"the migration runs after the rollout, and {moved}",
            where=environment.name,
            remedy="roll it out first with the same plan, or let promokit promote do both",
        )


def _not_running(namespace: Namespace, environment: Environment, image: str) -> str:
    """Say which workload isn't set to this image; empty text if all are."""
    found = namespace.controllers(environment.workloads)
    for each in environment.workloads:
        if each not in found or found[each].images.get(each.container) != image:
            return f"{each} isn't set to this image"
    return ""


def _joined(first: Result, second: Result) -> Result:
    """Return the result of two steps: the second decides, both count as changes."""
    return evolve(
        second,
        changed=first.changed or second.changed,
        previous=first.previous or second.previous,
        duration=first.duration + second.duration,
        migration=second.migration or first.migration,
        job=second.job or first.job,
        standings=second.standings or first.standings,
    )

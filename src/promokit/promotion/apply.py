"""Applying a plan, exactly: lease, gates again, record, rollout and migration in their order, record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from attrs import evolve, frozen

from promokit.errors import Refused
from promokit.image import ImageRef
from promokit.ledger.store import read_book
from promokit.migration.run import migrated, run_migration
from promokit.model import Environment, Workload
from promokit.promotion.clients import Clients
from promokit.promotion.operation import Operation, begin, closing, resume, under_lease
from promokit.promotion.plan import EXPIRY, Plan, Promise, promise_of, tag_in
from promokit.promotion.planning import plan as make_plan
from promokit.promotion.presence import gone_or_unknown
from promokit.promotion.result import Result, of_migration, of_rollout
from promokit.rollout.policy import Policy
from promokit.rollout.roll_out import Rollout, roll_out

LEASE_WAIT_SECONDS = 600.0
Progress = Callable[[str], None]


def apply(
    plan: Plan,
    *,
    clients: Clients | None = None,
    progress: Progress = lambda text: None,
    wait: float = LEASE_WAIT_SECONDS,
) -> Result:
    """Do exactly what the plan says and return what it came to.

    Refused when a gate refuses now or something that was decided has changed; then nothing was changed.
    """
    clients = clients or Clients()
    promise, environment = promise_of(plan), plan.environment
    steps = {
        "none": (apply_rollout,),
        "after": (apply_rollout, apply_migration),
        "before": (apply_migration, apply_rollout),
    }
    result: Result | None = None
    for step in steps[plan.migrate]:
        done = step(environment, promise, clients=clients, progress=progress, wait=wait)
        result = done if result is None else _joined(result, done)
        if not result.succeeded:
            break
    assert result is not None  # noqa: S101 - there is at least one step
    return result


def apply_rollout(
    environment: Environment,
    promise: Promise,
    *,
    clients: Clients,
    progress: Progress = lambda text: None,
    wait: float = LEASE_WAIT_SECONDS,
) -> Result:
    """Apply the rollout of a plan; the operation stays open where a migration follows."""
    if promise.nothing:
        return Result("succeeded", promise.nothing)
    migration = promise.decided["migrate"]
    if migration == "before":
        _need_migrated(environment, promise, clients)
    with _step(environment, promise, clients, progress, wait) as step:
        done = roll_out(
            step.operation.namespace,
            dict.fromkeys(environment.workloads, str(step.image)),
            evolve(Policy.of(environment), image_exists="yes"),  # its tag was just resolved there
            cause=step.cause,
            epoch=step.operation.lease.epoch,
            expected=step.expected,
            progress=progress,
            stopped=step.operation.lease.lost,
        )
        previous = done.previous[environment.reference]
        result = of_rollout(
            done.verdict,
            changed=done.changed,
            image=str(step.image),
            previous=previous,
            migration="succeeded" if migration == "before" else "",
        )
        if result.outcome in {"failed", "timed_out"} and environment.auto_rollback and done.changed:
            result = _gone_back(step, done, result, migration, clients, progress)
        return step.finish(result, more=migration == "after" and result.succeeded)


def _need_migrated(environment: Environment, promise: Promise, clients: Clients) -> None:
    """A migration that runs before the rollout must have succeeded for this image, whoever ran it."""
    digest, namespace = ImageRef.parse(str(promise.decided["image"])).digest, clients.namespace(environment)
    if environment.migration is None or digest is None or migrated(namespace, environment.migration.job, digest):
        return
    raise Refused(
        f"the migration of this image hasn't succeeded in {environment.name}, and it runs before the rollout",
        where=environment.name,
        remedy="run it first with the same plan, or let promokit promote do both",
    )


def apply_migration(
    environment: Environment,
    promise: Promise,
    *,
    clients: Clients,
    progress: Progress = lambda text: None,
    wait: float = LEASE_WAIT_SECONDS,
) -> Result:
    """Apply the migration of a plan; the operation stays open where the rollout follows."""
    if promise.nothing or environment.migration is None:
        return Result("succeeded", promise.nothing or "none")
    with _step(environment, promise, clients, progress, wait) as step:
        verdict = run_migration(
            step.operation.namespace,
            environment.migration.job,
            step.image,
            timeout=environment.timeout.total_seconds(),
            blind_for=environment.blind_for.total_seconds(),
            progress=progress,
            stopped=step.operation.lease.lost,
        )
        result = of_migration(verdict, changed=verdict.changed, image=str(step.image), previous=step.previous)
        if not result.succeeded and environment.migration.when == "after":
            back = f"the new image stays; to go back: promokit rollback {environment.name}"
            result = evolve(result, next_steps=(back,))
        return step.finish(result, more=environment.migration.when == "before" and result.succeeded)


@frozen
class _Step:
    operation: Operation
    environment: Environment
    image: ImageRef
    expected: dict[Workload, str]
    previous: str
    cause: str

    def finish(self, result: Result, *, more: bool) -> Result:
        """Close the operation and let the lease go, unless a step of the same plan follows."""
        if more:
            return evolve(result, head=self.operation.head)
        head = self.operation.close(result, image=str(self.image))
        self.operation.lease.release()
        return evolve(result, head=head)


@contextmanager
def _step(
    environment: Environment, promise: Promise, clients: Clients, progress: Progress, wait: float
) -> Iterator[_Step]:
    """Take the lease, judge again, open the operation (or go on with this run's own), and close it come what may."""
    with under_lease(clients, environment, wait=wait, progress=progress) as lease:
        book = read_book(clients.namespace(environment))
        operation = resume(clients, environment, lease, book, promise.hash)
        if operation is None:
            fresh = _confirmed(environment, promise, clients)
            operation = begin(clients, environment, lease, _kind(environment), _facts(fresh))
        with closing(operation):
            yield _made(environment, promise, operation, clients)


def _confirmed(environment: Environment, promise: Promise, clients: Clients) -> Plan:
    """Compute the plan again and return it; Refused with what has changed, or with the gate that refuses now."""
    if datetime.now(UTC) > promise.created + EXPIRY:
        raise Refused(f"the plan of {promise.created:%Y-%m-%d %H:%M} UTC has expired", remedy="make a new plan")
    fresh = make_plan(environment, tag=promise.tag, migrate=promise.migrates, clients=clients, final=True)
    if fresh.hash != promise.hash:
        raise Refused(
            f"the plan doesn't hold any more: {_difference(promise, fresh)}",
            where=environment.name,
            remedy="make a new plan, and have it approved",
        )
    if not fresh.allowed:
        raise fresh.refusal()
    return fresh


def _difference(promise: Promise, fresh: Plan) -> str:
    now = fresh.decided
    changed = [key for key in now if promise.decided.get(key) != now[key]]
    return "; ".join(f"{key} was {promise.decided.get(key)}, is {now[key]}" for key in changed) or "it was edited"


def _made(environment: Environment, promise: Promise, operation: Operation, clients: Clients) -> _Step:
    image, previous = str(promise.decided["image"]), promise.decided["previous"]
    context = clients.context
    who = context.run_url or context.actor
    return _Step(
        operation,
        environment,
        ImageRef.parse(image),
        {each: previous[str(each)] for each in environment.workloads},
        previous[str(environment.reference)],
        f"promokit {operation.kind} {tag_in(image)} by {context.actor} ({who})",
    )


def _kind(environment: Environment) -> str:
    return "promotion" if environment.source else "rollout"


def _facts(fresh: Plan) -> dict[str, Any]:
    source = fresh.environment.source
    approvers = [name for each in fresh.answers for name in each.facts.get("approvers", ())]
    return {
        "image": str(fresh.image),
        "previous": dict(fresh.previous),
        "from": source.name if source else None,
        "revision": fresh.revision,
        "plan": fresh.hash,
        "approvers": approvers,
        "gates": {each.gate: each.sentence for each in fresh.answers},
    }


def _gone_back(
    step: _Step, done: Rollout, result: Result, migration: str, clients: Clients, progress: Progress
) -> Result:
    """Bring all workloads back to what they ran, followed to a verdict, unless a migration stands in the way."""
    settings = step.environment.migration
    if migration == "before" and settings and not settings.backward_compatible:
        told = "not rolled back by itself: the migration ran before and isn't marked backward-compatible"
        return evolve(result, next_steps=(told, f"when it is safe: promokit rollback {step.environment.name}"))
    if gone := gone_or_unknown(clients, result.previous):
        return evolve(result, next_steps=(f"not rolled back by itself: {gone}",))
    progress("rolling back by itself to what ran before")
    back = roll_out(
        step.operation.namespace,
        done.previous,
        Policy.of(step.environment),
        cause=f"{step.cause}: rolled back by itself after {result.outcome}: {result.reason}",
        epoch=step.operation.lease.epoch,
        progress=progress,
        stopped=step.operation.lease.lost,
    )
    told = f"rolled back by itself to {tag_in(result.previous)}: {back.verdict.outcome}"
    return evolve(result, rolled_back=back.verdict.outcome == "succeeded", next_steps=(told,))


def _joined(first: Result, second: Result) -> Result:
    """Return the result of two steps: the second decides, both count as changes."""
    return evolve(
        second,
        changed=first.changed or second.changed,
        previous=first.previous or second.previous,
        duration=first.duration + second.duration,
        migration=second.migration or first.migration,
        job=second.job or first.job,
    )

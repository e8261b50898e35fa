"""One step of a plan: under the lease, judged again, within an operation of the ledger that the steps share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from promokit.errors import Refused
from promokit.image import ImageRef, tag_in
from promokit.ledger.book import Book
from promokit.ledger.store import read_book
from promokit.model import Environment, Workload
from promokit.promotion.clients import Clients
from promokit.promotion.difference import difference, outdated
from promokit.promotion.operation import Operation, begin, resume, under_lease
from promokit.promotion.plan import EXPIRY, Plan, Promise
from promokit.promotion.planning import plan as make_plan
from promokit.promotion.result import Result
from promokit.promotion.stopping import closing

Progress = Callable[[str], None]
_CLOCKS_DIFFER = timedelta(minutes=5)


@frozen
class Step:
    """A step under way: what is applied, what may be replaced, and the ledger as it was before."""

    operation: Operation
    environment: Environment
    image: ImageRef
    expected: dict[Workload, str]
    cause: str
    book: Book
    progress: Progress

    @property
    def previous(self) -> str:
        """What the reference workload ran when the plan was made."""
        return self.expected[self.environment.reference]

    def finish(self, result: Result, *, more: bool) -> Result:
        """Close the operation and let the lease go, unless a step of the same plan follows."""
        if more:
            return evolve(result, head=self.operation.head)
        return self.operation.end(result, self.progress, image=str(self.image))


@contextmanager
def step_of(
    environment: Environment,
    promise: Promise,
    kind: str,
    *,
    clients: Clients,
    progress: Progress,
    wait: float,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Step]:
    """Take the lease, judge again, open the operation (or go on with this run's own), and close it come what may.

    `check` is asked before anything is written, and may refuse.
    """
    with under_lease(clients, environment, wait=wait, progress=progress) as lease:
        book = read_book(clients.namespace(environment))
        operation = resume(clients, environment, lease, book, promise.hash)
        if operation is None:
            fresh = _confirmed(environment, promise, clients, progress)
            check()
            operation = begin(clients, environment, lease, kind, _facts(fresh, promise))
        with closing(operation):
            operation.publish()
            yield _made(environment, promise, operation, clients, book, progress)


def kind_of(environment: Environment) -> str:
    """Return what the ledger calls a plan's rollout: a promotion from another environment, or a rollout."""
    return "promotion" if environment.source else "rollout"


def _confirmed(environment: Environment, promise: Promise, clients: Clients, progress: Progress) -> Plan:
    """Compute the plan again and return it; Refused with what has changed, or with the gate that refuses now."""
    _check_age(promise, datetime.now(UTC))
    fresh = make_plan(
        environment, tag=promise.tag, migrate=promise.migrates, clients=clients, final=True, progress=progress
    )
    if fresh.image is not None and (changes := difference(promise, fresh)):
        raise outdated(environment, changes)
    if not fresh.allowed:  # so it is where no image can be proven
        raise fresh.refusal()
    return fresh


def _check_age(promise: Promise, now: datetime) -> None:
    made = f"the plan of {promise.created:%Y-%m-%d %H:%M} UTC"
    if now > promise.created + EXPIRY:
        raise Refused(f"{made} has expired", remedy="make a new plan")
    if now < promise.created - _CLOCKS_DIFFER:
        raise Refused(f"{made} was made in the future", remedy="set this machine's clock, or make a new plan")


def _made(
    environment: Environment, promise: Promise, operation: Operation, clients: Clients, book: Book, progress: Progress
) -> Step:
    image, previous = str(promise.decided["image"]), promise.decided["previous"]
    context = clients.context
    who = context.run_url or context.actor
    return Step(
        operation,
        environment,
        ImageRef.parse(image),
        {each: previous[str(each)] for each in environment.workloads},
        f"promokit {operation.kind} {tag_in(image)} by {context.actor} ({who})",
        book,
        progress,
    )


def _facts(fresh: Plan, promise: Promise) -> dict[str, Any]:
    source = fresh.environment.source
    approvers = [name for each in fresh.answers for name in each.facts.get("approvers", ())]
    return {
        "image": str(fresh.image),
        "previous": dict(fresh.previous),
        "from": source.name if source else None,
        "revision": fresh.revision,
        "plan": promise.hash,
        "approvers": approvers,
        "gates": {each.gate: each.sentence for each in fresh.answers},
    }

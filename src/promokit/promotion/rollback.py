"""Rollback: back to the previous good image, or to a tag that succeeded here. Never runs a migration, asks no gate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from attrs import evolve, frozen

from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Object
from promokit.errors import ConfigError, PromokitError, Refused, Unreachable
from promokit.image import Digest
from promokit.ledger.record import digest_in, newest_change, succeeded
from promokit.ledger.store import Book, read_book
from promokit.model import Environment, Workload
from promokit.promotion.clients import Clients
from promokit.promotion.operation import Operation, begin, under_lease
from promokit.promotion.plan import tag_in
from promokit.promotion.presence import is_gone
from promokit.promotion.record import hold as hold_digest
from promokit.promotion.result import Result, of_rollout
from promokit.promotion.stopping import closing
from promokit.promotion.watched import watched
from promokit.rollout.policy import Policy
from promokit.rollout.roll_out import roll_out
from promokit.rollout.snapshot import Snapshot

Progress = Callable[[str], None]


@frozen
class Way:
    """The way back: each workload's image now and then. `proven` by the ledger, or only by revision history."""

    now: dict[Workload, str]
    then: dict[Workload, str]
    proven: bool
    why: str = ""


def rollback(
    environment: Environment,
    to: str | None = None,
    *,
    hold: bool = True,
    reason: str = "rolled back",
    clients: Clients | None = None,
    progress: Progress = lambda text: None,
    confirm: Callable[[Way], None] = lambda way: None,
    record: Path | None = None,
) -> Result:
    """Go back to the newest image that succeeded here and isn't held, or `to` a tag that did, and follow it.

    The digest that is left is held here until it is released. `confirm` sees the way first and may raise. Errors:
    Refused when there is nothing to go back to, or the registry says that the image is gone.
    """
    clients = clients or Clients()
    namespace = clients.namespace(environment)
    way = find_way(namespace, environment, to)
    _check_registry(clients, environment, way, progress)
    confirm(way)
    with under_lease(clients, environment, wait=0, at_once=True, progress=progress) as lease:
        facts = {"image": way.then[environment.reference], "previous": {str(k): v for k, v in way.now.items()}}
        try:
            operation = begin(clients, environment, lease, "rollback", {**facts, "proven": way.proven})
        except PromokitError as error:
            progress(f"THE LEDGER CAN'T BE WRITTEN: {error.what}. Rolling back all the same; record it by hand.")
            operation = Operation(namespace, environment, lease, "rollback")
        with closing(operation):
            steps = _held(clients, environment, way, reason, progress) if hold else ()
            operation.publish_loudly(progress)
            result = _gone_back(clients, environment, way, operation, progress, record)
            return operation.end(evolve(result, next_steps=steps), progress, proven=way.proven)


def find_way(namespace: Namespace, environment: Environment, to: str | None) -> Way:
    """Return the way back, by the ledger where it tells, else by the Deployments' own revisions (told as unproven)."""
    snapshot = Snapshot()
    listed: list[Object] = [*namespace.controllers(environment.workloads).values(), *namespace.replica_sets()]
    for seen in listed:
        snapshot.see(seen, 0.0)
    now = {each: _image_now(snapshot, each, namespace) for each in environment.workloads}
    try:
        book = read_book(namespace)
    except PromokitError as error:
        book, why = Book(), f"the ledger can't be read: {error.what}"
    else:
        why = "the ledger tells no earlier image"
    if good := _by_ledger(environment, book, now, to):
        return Way(now, dict.fromkeys(environment.workloads, good), proven=True)
    if to is not None:
        raise Refused(
            f"{to} has not succeeded in {environment.name} before",
            where=environment.name,
            remedy="name a tag that has: promokit history tells; anything else needs a promotion",
        )
    return Way(now, {each: _by_revisions(snapshot, each, now[each]) for each in now}, proven=False, why=why)


def _image_now(snapshot: Snapshot, workload: Workload, namespace: Namespace) -> str:
    controller = snapshot.controller(workload)
    if controller is None or workload.container not in controller.images:
        raise ConfigError(f"there is no {workload} in namespace {namespace.name}", remedy="apply the manifests first")
    if controller.paused:
        raise Refused(f"{workload.object} is paused", remedy=f"kubectl rollout resume {workload.object}")
    return controller.images[workload.container]


def _by_ledger(environment: Environment, book: Book, now: dict[Workload, str], to: str | None) -> str | None:
    """Return the image to go back to: the tag asked for if it succeeded here, else the newest good other one."""
    good = [each.image for each in succeeded(book.lines)]
    if to is not None:
        return next((each for each in good if tag_in(each) == to), None)
    if again := _begun_before(environment, book, now):
        return again
    present = digest_in(now[environment.reference])
    held = book.holds
    return next((each for each in good if digest_in(each) not in {present, *held}), None)


def _begun_before(environment: Environment, book: Book, now: dict[Workload, str]) -> str | None:
    """Go on with a rollback that didn't succeed; Refused where one has: a second one would go further back."""
    newest = newest_change(book.lines)
    if newest is None or newest[0].get("kind") != "rollback":
        return None
    start, end = newest
    image = str(start.get("image", ""))
    if end is None or end.get("outcome") != "succeeded":
        return image if digest_in(image) not in book.holds else None
    if set(now.values()) == {image}:
        raise Refused(
            f"{environment.name} is back on {tag_in(image)} already",
            where=environment.name,
            remedy="name a tag to go further back: promokit history tells which succeeded",
        )
    return None


def _by_revisions(snapshot: Snapshot, workload: Workload, now: str) -> str:
    """Return the image of the newest revision with another image: `rollout undo` lands on the same after a restart."""
    controller = snapshot.controller(workload)
    owned = list(snapshot.replica_sets_of(controller)) if controller else []
    others = [each for each in owned if each.images.get(workload.container) not in {now, None}]
    if not others:
        raise Refused(f"there is nothing to go back to for {workload}", remedy="promote a good image instead")
    return max(others, key=lambda each: int(each.revision or 0)).images[workload.container]


def _check_registry(clients: Clients, environment: Environment, way: Way, progress: Progress) -> None:
    """An image that the registry hasn't got refuses; a registry that can't be asked is only told."""
    image = way.then[environment.reference]
    try:
        gone = is_gone(clients, image)
    except (Unreachable, ConfigError) as error:
        progress(f"warning: the registry can't be asked whether {tag_in(image)} is still there: {error.what}")
        return
    if gone:
        raise Refused(f"{image} isn't in the registry", remedy="name another with --to; promokit history tells")


def _gone_back(
    clients: Clients,
    environment: Environment,
    way: Way,
    operation: Operation,
    progress: Progress,
    record: Path | None,
) -> Result:
    context = clients.context
    left, target = way.now[environment.reference], way.then[environment.reference]
    done = roll_out(
        operation.namespace,
        way.then,
        Policy.of(environment),
        cause=f"promokit rollback to {tag_in(target)} by {context.actor} ({context.run_url or context.holder})",
        epoch=operation.lease.epoch,
        watching=watched(clients, progress, record=record, stopped=operation.lease.lost),
    )
    return of_rollout(done.verdict, changed=done.changed, image=target, previous=left, standings=done.standings)


def _held(clients: Clients, environment: Environment, way: Way, reason: str, progress: Progress) -> tuple[str, ...]:
    """Hold each digest that is left, before anything else: a rollback that is stopped half-way must hold it too."""
    kept = digest_in(way.then[environment.reference])
    left = sorted({digest_in(each) for each in way.now.values()} - {kept, ""})
    for digest in left:
        _hold(environment, digest, reason, clients, progress)
    release = f"promokit hold --release {environment.name}"
    return tuple(f"{each[:19]}… is held: {release} {each} --reason …" for each in left)


def _hold(environment: Environment, digest: str, reason: str, clients: Clients, progress: Progress) -> None:
    try:
        hold_digest(environment, Digest.parse(digest), reason=reason, clients=clients)
    except PromokitError as error:
        progress(f"THE HOLD CAN'T BE WRITTEN: {error.what}. Nothing keeps {digest} from being promoted again.")

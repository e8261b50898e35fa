"""Rollback: back to the previous good image, or to a tag that succeeded here. Never runs a migration, asks no gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import evolve

from promokit.cluster.identity import own_name
from promokit.cluster.namespace import Namespace
from promokit.errors import PromokitError, Refused
from promokit.image import Digest, tag_in
from promokit.ledger.lease import Lease
from promokit.ledger.store import WHAT as LEDGER
from promokit.model import Environment
from promokit.promotion.clients import Clients
from promokit.promotion.meanwhile import Meanwhile
from promokit.promotion.operation import Operation, begin, loudly, under_lease
from promokit.promotion.presence import Inquiry
from promokit.promotion.record import noted
from promokit.promotion.result import Result, of_rollout
from promokit.promotion.stopping import closing
from promokit.promotion.watched import watched
from promokit.promotion.way import Way
from promokit.promotion.way_back import find_way
from promokit.rollout.policy import Policy
from promokit.rollout.roll_out import roll_out

Progress = Callable[[str], None]


def rollback(
    environment: Environment,
    to: str | None = None,
    *,
    whole: bool = False,
    hold: bool = True,
    reason: str = "rolled back",
    clients: Clients | None = None,
    progress: Progress = lambda text: None,
    confirm: Callable[[Way], None] = lambda way: None,
    record: Path | None = None,
) -> Result:
    """Go back to the newest image that succeeded here and isn't held, or `to` a tag that did, and follow it.

    `whole` brings back the whole pod template of that revision, as `kubectl rollout undo` does, else the image alone.
    The digest that is left is held here until it is released. `confirm` sees the way first and may raise. Errors:
    Refused when there is nothing to go back to, or the registry says that the image is gone.
    """
    clients = clients or Clients()
    namespace = clients.namespace(environment)
    inquiry = Inquiry(clients, environment.image.repository if environment.image else "")
    identity = Meanwhile(lambda: own_name(namespace.transport))
    shown = find_way(namespace, environment, to, whole=whole)
    inquiry.ask(shown.then.values())
    confirm(shown)
    known = _known_to_be_there(inquiry, shown, progress)
    with under_lease(clients, environment, wait=0, at_once=True, found=shown.there, progress=progress) as lease:
        way = _again(namespace, environment, to, shown, whole)
        held = way.left if hold else ()
        operation = _begun(clients, environment, lease, way, reason, held, identity, progress)
        with closing(operation):
            operation.publish_loudly(progress)
            policy = evolve(Policy.of(environment), image_exists="yes" if known else "unknown")
            result = _gone_back(clients, policy, way, operation, progress, record)
            done = operation.end(result, progress, proven=way.proven)
            return evolve(done, next_steps=_next_steps(environment, () if operation.unrecorded else held))


def _known_to_be_there(inquiry: Inquiry, way: Way, progress: Progress) -> bool:
    """Say whether the registry has the image. One that it hasn't got refuses; a registry that can't tell is told."""
    if inquiry.gone:
        raise Refused(f"{inquiry.gone} isn't in the registry", remedy="name another with --to; promokit history tells")
    if inquiry.trouble:
        tags = ", ".join(dict.fromkeys(map(tag_in, way.then.values())))
        progress(f"warning: the registry can't be asked whether {tags} is still there: {inquiry.trouble}")
    return not inquiry.trouble


def _again(namespace: Namespace, environment: Environment, to: str | None, shown: Way, whole: bool) -> Way:
    """Find the way once more, now that nobody else moves: what was confirmed goes on, from wherever they had got to."""
    way = find_way(namespace, environment, to, whole=whole)
    if way.then != shown.then:
        tag = tag_in(way.then[environment.reference])
        raise Refused(
            f"the way back of {environment.name} changed meanwhile: it is {tag} now",
            where=environment.name,
            remedy="see promokit history, and start again",
        )
    return way


def _begun(
    clients: Clients,
    environment: Environment,
    lease: Lease,
    way: Way,
    reason: str,
    held: Sequence[str],
    identity: Meanwhile[str],
    progress: Progress,
) -> Operation:
    """Open the operation, and hold what is left in the same write: a rollback that is stopped half-way must hold it."""
    own = {} if way.proven else {"images": {str(each): image for each, image in way.then.items()}}
    facts = {
        "image": way.then[environment.reference],
        "previous": {str(each): image for each, image in way.now.items()},
        "proven": way.proven,
        "reason": reason,
        **own,
        **({"whole": True} if way.templates else {}),
    }
    holds = [noted("hold", Digest.parse(each), reason, clients.context) for each in held]

    def unwritten(error: PromokitError) -> None:
        progress(f"{loudly(LEDGER, error)}. Rolling back all the same; its lines are told at the end.")
        if held:
            digests = ", ".join(held)
            progress(f"THE HOLD CAN'T BE WRITTEN EITHER: nothing keeps {digests} from being promoted again.")

    return begin(
        clients,
        environment,
        lease,
        "rollback",
        facts,
        beside=holds,
        identity=identity,
        known=way.book,
        unwritten=unwritten,
    )


def _gone_back(
    clients: Clients, policy: Policy, way: Way, operation: Operation, progress: Progress, record: Path | None
) -> Result:
    context, reference = clients.context, operation.environment.reference
    target = way.then[reference]
    done = roll_out(
        operation.namespace,
        way.then,
        policy,
        cause=f"promokit rollback to {tag_in(target)} by {context.actor} ({context.run_url or context.holder})",
        epoch=operation.lease.epoch,
        templates=way.templates,
        found=way.there,
        watching=watched(clients, progress, record=record, stopped=operation.lease.lost),
    )
    previous = done.previous[reference]
    return of_rollout(done.verdict, changed=done.changed, image=target, previous=previous, standings=done.standings)


def _next_steps(environment: Environment, held: Sequence[str]) -> tuple[str, ...]:
    release = f"promokit hold --release {environment.name}"
    return tuple(f"{each[:19]}… is held: {release} {each} --reason …" for each in held)

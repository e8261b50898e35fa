"""Finding the way back of an environment: from its workloads, its ledger, and the revisions that are kept."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from promokit.cluster.namespace import RESOURCES, Namespace
from promokit.cluster.objects import Controller
from promokit.cluster.revisions import revisions
from promokit.errors import PromokitError, Refused, Unreachable
from promokit.image import tag_in
from promokit.ledger.book import Book
from promokit.ledger.record import digest_in
from promokit.ledger.store import read_book
from promokit.model import Environment, Workload
from promokit.promotion.meanwhile import Meanwhile
from promokit.promotion.way import Position, Way, by_revisions, named, previous, revision_of
from promokit.rollout.change import check
from promokit.rollout.template import Json, differences, with_images


def find_way(namespace: Namespace, environment: Environment, to: str | None = None, *, whole: bool = False) -> Way:
    """Return the way back, by the ledger where it tells, else by the workloads' own revisions (told as unproven).

    `to` is a tag that must have succeeded here; `whole`: the pod template of the newest revision with that image comes
    back too. Errors: Refused where there is no such way, and for a paused Deployment; Unreachable, ConfigError.
    """
    ledger = Meanwhile(lambda: _read(namespace))
    there = _present(namespace, environment)
    now = {each: there[each].images[each.container] for each in environment.workloads}
    book, trouble = ledger.answer()
    position = Position.of(environment.name, now, book)
    if to is not None:
        way = _to(position, to, trouble)
    elif position.begun_rollback:
        way = Way(now, position.aims, position.start.get("proven") is not False, "a rollback to it was begun before")
    elif good := previous(position):
        way = Way(now, dict.fromkeys(now, good), proven=True)
    else:
        why = _unread(trouble) if trouble else "the ledger tells no earlier image"
        kept = revisions(namespace, (each.kind for each in now))
        way = Way(now, by_revisions(position, there, kept), proven=False, why=why)
    way = evolve(way, left=_left(position, way), there=there, book=None if trouble else book)
    return _whole(namespace, way, there) if whole else way


def _present(namespace: Namespace, environment: Environment) -> dict[Workload, Controller]:
    there = namespace.controllers(environment.workloads)
    for each in environment.workloads:
        check(each, there.get(each), namespace)
        if there[each].paused:
            remedy = f"kubectl -n {namespace.name} rollout resume {each.object}"
            raise Refused(f"{each.object} is paused", where=f"namespace {namespace.name}", remedy=remedy)
    return there


def _read(namespace: Namespace) -> tuple[Book, PromokitError | None]:
    """A ledger that can't be read stops no rollback: the revisions tell then."""
    try:
        return read_book(namespace), None
    except PromokitError as error:
        return Book(), error


def _unread(trouble: PromokitError) -> str:
    told = "the ledger can't be read: "
    return f"{told}{trouble.what.removeprefix(told)}"


def _to(position: Position, tag: str, trouble: PromokitError | None) -> Way:
    """A rollback is no side door: what is asked for by name must have succeeded here."""
    image = named(position, tag)
    if image is None and trouble is not None:
        kind = Unreachable if isinstance(trouble, Unreachable) else Refused
        raise kind(
            f"whether {tag} has succeeded in {position.environment} can't be told: {trouble.what}",
            where=position.environment,
            remedy="leave the tag out, to go back by the workloads' own revisions",
        )
    if image is None:
        raise Refused(
            f"{tag} has not succeeded in {position.environment} before",
            where=position.environment,
            remedy="name a tag that has: promokit history tells; anything else needs a promotion",
        )
    reason = position.book.holds.get(digest_in(image))
    notes = () if reason is None else (f"{tag} is held here: {reason}. It stays held for promotions",)
    return Way(dict(position.now), dict.fromkeys(position.now, image), proven=True, notes=notes)


def _left(position: Position, way: Way) -> tuple[str, ...]:
    kept = {digest_in(each) for each in way.then.values()}
    return tuple(each for each in position.left if each not in kept)


def _whole(namespace: Namespace, way: Way, there: Mapping[Workload, Controller]) -> Way:
    """Add the pod templates. A workload that runs the image already has the newest template with it."""
    kept = revisions(namespace, (each.kind for each in way.now))
    templates: dict[Workload, Json] = {}
    changes: dict[Workload, tuple[str, ...]] = {}
    for each, controller in there.items():
        images = {it.container: way.then[it] for it in way.then if (it.kind, it.name) == (each.kind, each.name)}
        if all(controller.images[name] == image for name, image in images.items()):
            continue
        found = revision_of(kept, controller.uid, images)
        if found is None:
            raise Refused(
                f"no revision of {each.object} that ran {tag_in(way.then[each])} is kept",
                where=f"its revisionHistoryLimit, in {namespace.name}",
                remedy="leave --whole out: then the image alone goes back",
            )
        templates[each] = with_images(found.template, images)
        data = namespace.get(RESOURCES[each.kind], each.name) or {"spec": {"template": {}}}
        changes[each] = differences(data["spec"]["template"], templates[each])
    return evolve(way, templates=templates, changes=changes)

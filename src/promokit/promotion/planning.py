"""Making a plan: resolve the image, gather the facts, ask every gate. Reads only."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import frozen

from promokit.errors import ConfigError, PromokitError, Refused
from promokit.gates.answer import Answer, refused, unknown
from promokit.gates.facts import Unknown
from promokit.gates.judging import judge_all
from promokit.identity.tags import commit_of, release_of, release_tag_of
from promokit.image import ImageRef, ReleaseTag, parse_tag, tag_in
from promokit.ledger.record import failures
from promokit.migration.job import read_template, template_digest
from promokit.model import Environment
from promokit.promotion.clients import Clients
from promokit.promotion.gathering import Waiting, commits_between, gather
from promokit.promotion.plan import Commits, Plan
from promokit.promotion.resolution import resolve_tag
from promokit.promotion.survey import Survey, survey

NO_COMMITS = Commits()


def plan(
    environment: Environment,
    *,
    tag: str | None = None,
    only_newer: bool = False,
    migrate: bool = True,
    clients: Clients | None = None,
    final: bool = False,
    progress: Callable[[str], None] = lambda text: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> Plan:
    """Compute what a promotion to `environment` would do and judge every gate. Changes nothing.

    `tag` says the image for an environment without `from`; elsewhere the image is what the source runs.
    `only_newer`: an image older than what runs here is nothing to do. `migrate`: False leaves the migration out, for
    an image that must not change a schema it shares. `final`: judge as apply does, where approvals can't be waited for
    any more. `progress` hears what is waited for. Errors: ConfigError for wrong use, Unreachable when the target can't
    be asked.
    """
    clients = clients or Clients()
    if (tag is None) == (environment.source is None):
        raise _wrong_tag(environment)
    target = survey(environment, clients)
    chosen = _chosen(environment, tag, clients)
    blank = _blank(environment, target, chosen, tag, migrate, now())
    if only_newer and chosen.image and _is_newer(target, chosen.image):
        return blank((), nothing="already-newer")
    wait = Waiting(progress, now, sleep)
    facts = gather(environment, chosen.image, chosen.revision, (chosen.source, target), clients, wait, final=final)
    answers = tuple(chosen.stop if chosen.stop and each.gate == chosen.stop.gate else each for each in judge_all(facts))
    commits = NO_COMMITS if final else commits_between(clients, target.reference.image, chosen.revision)
    return blank(answers, commits=commits)


@frozen
class _Chosen:
    """What would be promoted, as far as it is known; `stop` is origin's answer where it isn't known well enough."""

    image: ImageRef | None
    revision: str
    source: Survey | Unknown | None
    stop: Answer | None = None


def _blank(
    environment: Environment, target: Survey, chosen: _Chosen, tag: str | None, migrate: bool, created: datetime
) -> Callable[..., Plan]:
    migration = environment.migration if migrate else None
    template = template_digest(read_template(migration.job)) if migration else ""
    image = None if chosen.stop else chosen.image

    def made(answers: tuple[Answer, ...], nothing: str = "", commits: Commits = NO_COMMITS) -> Plan:
        return Plan(
            environment=environment,
            image=image,
            revision=chosen.revision,
            previous={str(each): text for each, text in target.images.items()},
            migrate=migration.when if migration and not nothing else "none",
            template=template,
            answers=answers,
            head=target.book.head,
            created=created,
            tag=tag,
            nothing=nothing,
            commits=commits,
            failed_before=tuple(failures(target.book.lines, str(image.digest))) if image else (),
        )

    return made


def _chosen(environment: Environment, tag: str | None, clients: Clients) -> _Chosen:
    if environment.source is None:
        assert tag is not None  # noqa: S101 - checked above
        return _by_tag(environment, tag, clients)
    try:
        source = survey(environment.source, clients)
    except PromokitError as error:
        return _Chosen(None, "", Unknown(error.what, error.remedy or "run this again"))
    return _running(source)


def _running(source: Survey) -> _Chosen:
    """Choose what the source's reference runs. Without its release tag the digest is known all the same."""
    proof = source.reference
    if proof.digest is None:
        return _Chosen(None, "", source)
    image = ImageRef.parse(ImageRef.parse(proof.image).name).with_(digest=proof.digest)
    try:
        registry = source.look.registry(image.name)
        image = image.with_(tag=release_tag_of(registry, proof.image, proof.digest))
        return _Chosen(image, commit_of(registry, image), source)
    except PromokitError as error:
        word = refused if isinstance(error, ConfigError) else unknown
        return _Chosen(image, "", source, word("origin", error.what, error.remedy or "run this again"))


def _by_tag(environment: Environment, tag: str, clients: Clients) -> _Chosen:
    """Find the tag in the repository of releases, else in those that are allowed here."""
    try:
        parse_tag(tag)
    except ConfigError as error:
        return _Chosen(None, "", None, refused("origin", error.what, error.remedy or "name another tag"))
    try:
        found = resolve_tag(environment, tag, clients=clients)
    except Refused as error:
        return _Chosen(None, "", None, refused("origin", error.what, error.remedy or "build it again"))
    return _Chosen(found.image, found.revision, None)


def _is_newer(target: Survey, image: ImageRef) -> bool:
    """Say whether the target runs a later release than this one."""
    running = release_of((tag_in(target.reference.image),))
    asked = release_of((image.tag or "",))
    return bool(running and asked) and ReleaseTag.parse(running) > ReleaseTag.parse(asked)


def _wrong_tag(environment: Environment) -> ConfigError:
    if environment.source is None:
        return ConfigError(f"{environment.name} needs a tag to deploy", remedy="give one with --tag")
    source = environment.source.name
    return ConfigError(
        f"{environment.name} takes what {source} runs, not a tag",
        remedy=f"bring it to {source} first, or go back with promokit rollback {environment.name} --to TAG",
    )

"""Gathering the facts that gates judge, each on its own: one that can't be learned is Unknown, the others stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from attrs import frozen

from promokit.cluster.nodes import node_platforms
from promokit.cluster.transport import Forbidden
from promokit.errors import PromokitError
from promokit.gates.ci import counting, under_way
from promokit.gates.facts import NO_IMAGE, Approvals, Facts, Unknown
from promokit.github.api import GitHub
from promokit.github.types import Comparison, Run
from promokit.identity.tags import commit_of
from promokit.image import ImageRef
from promokit.ledger.record import overrides, recorded
from promokit.model import Environment
from promokit.promotion.clients import Clients
from promokit.promotion.plan import Commits
from promokit.promotion.survey import Survey

T = TypeVar("T")
_LOOK_EVERY_SECONDS = 10.0
_NO_COMMIT = Unknown("the image's commit isn't known", "build it with build.yaml")
_NO_GITHUB = Unknown("GitHub can't be asked", "set GITHUB_REPOSITORY and GITHUB_TOKEN")


@frozen
class Waiting:
    """How runs of CI are waited for: who hears of it, the time, and the pause between two looks, in seconds."""

    progress: Callable[[str], None]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]


def gather(
    environment: Environment,
    image: ImageRef | None,
    revision: str,
    surveys: tuple[Survey | Unknown | None, Survey],
    clients: Clients,
    waiting: Waiting,
    *,
    final: bool,
) -> Facts:
    """Return the facts of a promotion of `image` to `environment`; waits for CI runs under way as configured.

    `surveys` are those of the source, where there is one, and of the target. Without an image, what only it could
    tell isn't asked.
    """
    source, target = surveys
    context = clients.context
    nodes = _nodes(environment, clients)
    return Facts(
        environment=environment,
        image=image,
        revision=revision,
        target=target.standing,
        source=source.standing if isinstance(source, Survey) else source,
        ci=_ci(environment, revision if image else None, clients, waiting),
        comparison=_comparison(environment, revision, clients) if environment.source else None,
        nodes=nodes,
        recorded=recorded(target.book.lines),
        holds=target.book.holds,
        overrides=overrides(target.book.lines, "freeze"),
        approvals=_approvals(environment, context.run_id, clients),
        run_id=context.run_id,
        ref=context.ref,
        final=final,
        now=waiting.now(),
        **_of_registry(environment, image, clients, platforms=bool(nodes)),
    )


def _of_registry(
    environment: Environment, image: ImageRef | None, clients: Clients, *, platforms: bool
) -> dict[str, Any]:
    """Return what the registry tells of the image, as far as it is judged: `platforms` where there are nodes."""
    if image is None or image.digest is None:
        return {"platforms": NO_IMAGE}
    registry, digest, repository = clients.registry(image.name), image.digest, image.name
    told: dict[str, Any] = {}
    if environment.source:
        told["immutable"] = asked(lambda: registry.tags_immutable(repository))
        told["label"] = asked(lambda: registry.revision_of(repository, digest))
    if platforms:
        told["platforms"] = asked(lambda: registry.platforms_of(repository, digest))
    return told


def asked(ask: Callable[[], T]) -> T | Unknown:
    """Return the answer, or Unknown with the reason why there is none."""
    try:
        return ask()
    except PromokitError as error:
        where = f" ({error.where})" if error.where else ""
        return Unknown(f"{error.what}{where}", error.remedy or "run this again")


def commits_between(clients: Clients, running: str, revision: str) -> Commits:
    """Return the commits between the image that runs and the one to come.

    Nice to have, so never an error: there are none where they can't be told.
    """
    github = clients.github
    if github is None or not running or not revision:
        return Commits()

    def ask() -> Comparison | None:
        before = ImageRef.parse(running)
        base = commit_of(clients.asked(before.name), before)
        return github.compare(base, revision) if base else None

    found = asked(ask)
    if found is None or isinstance(found, Unknown):
        return Commits()
    titles = tuple(f"{each.sha[:10]} {each.title}" for each in found.commits)
    return Commits(titles, found.ahead_by, found.behind_by, found.url)


def _ci(
    environment: Environment, revision: str | None, clients: Clients, waiting: Waiting
) -> Mapping[str, tuple[Run, ...] | Unknown]:
    """Ask for the runs of each workflow; those under way are looked at again until `wait` is over."""
    gate, github = environment.gates.ci, clients.github
    if gate is None:
        return {}
    if not revision:
        return dict.fromkeys(gate.workflow, NO_IMAGE if revision is None else _NO_COMMIT)
    if github is None:
        return dict.fromkeys(gate.workflow, _NO_GITHUB)
    branch = environment.settings().branch if environment.source else None
    own = clients.context.run_id
    until = waiting.now() + gate.wait
    found: dict[str, tuple[Run, ...] | Unknown] = {}
    for each in gate.workflow:
        ask = partial(_runs, github, each, revision, branch, own)
        found[each] = _awaited(ask, f"{each} for {revision[:10]}", until, waiting)
    return found


def _awaited(
    ask: Callable[[], tuple[Run, ...] | Unknown], which: str, until: datetime, waiting: Waiting
) -> tuple[Run, ...] | Unknown:
    """Ask until the run isn't under way any more. Once one is known to be, a GitHub that is away is waited for too."""
    runs = ask()
    if isinstance(runs, Unknown) or not under_way(runs) or waiting.now() >= until:
        return runs
    waiting.progress(f"{which} is under way: waiting until {until:%H:%M:%S} UTC at most")
    while waiting.now() < until and (isinstance(runs, Unknown) or under_way(runs)):
        waiting.sleep(_LOOK_EVERY_SECONDS)
        runs = ask()
    return runs


def _runs(
    github: GitHub, workflow: str, revision: str, branch: str | None, own: int | None
) -> tuple[Run, ...] | Unknown:
    return asked(lambda: counting(github.runs(workflow, revision, branch=branch), revision, branch, own))


def _nodes(environment: Environment, clients: Clients) -> tuple[str, ...] | Unknown | None:
    """Return the platforms of the target's nodes; None where this role may not read them."""
    try:
        return node_platforms(clients.namespace(environment).transport)
    except Forbidden:
        return None
    except PromokitError as error:
        return Unknown(error.what, error.remedy or "run this again")


def _comparison(environment: Environment, revision: str, clients: Clients) -> Comparison | Unknown | None:
    github = clients.github
    if github is None:
        return _NO_GITHUB
    return asked(lambda: github.compare(environment.settings().branch, revision)) if revision else None


def _approvals(environment: Environment, run_id: int | None, clients: Clients) -> Approvals | Unknown | None:
    gate, github = environment.gates.approvals, clients.github
    if gate is None or run_id is None:
        return None
    if github is None:
        return _NO_GITHUB

    def ask() -> Approvals:
        settings = {name: github.environment(name) for name in gate.environments}
        limited = [name for name, found in settings.items() if found and found.custom_branch_policies]
        branches = {name: github.branch_policies(name) for name in limited}
        return Approvals(github.run(run_id), github.reviews(run_id), settings, branches)

    return asked(ask)

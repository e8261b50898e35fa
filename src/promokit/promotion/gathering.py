"""Gathering the facts that gates judge, each on its own: one that can't be learned is Unknown, the others stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from promokit.cluster.nodes import node_platforms
from promokit.cluster.transport import Forbidden
from promokit.errors import PromokitError
from promokit.gates.ci import counting, under_way
from promokit.gates.facts import Approvals, Facts, Unknown
from promokit.github.api import GitHub
from promokit.github.types import Comparison, Run
from promokit.identity.tags import commit_of
from promokit.image import ImageRef
from promokit.ledger.record import overrides, recorded
from promokit.model import Environment
from promokit.promotion.clients import Clients
from promokit.promotion.survey import Survey

T = TypeVar("T")
_LOOK_EVERY_SECONDS = 10.0
_NO_GITHUB = Unknown("GitHub can't be asked", "set GITHUB_REPOSITORY and GITHUB_TOKEN")


def gather(
    environment: Environment,
    image: ImageRef,
    revision: str,
    surveys: tuple[Survey | None, Survey],
    clients: Clients,
    *,
    final: bool,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> Facts:
    """Return the facts of a promotion of `image` to `environment`; waits for CI runs under way as configured.

    `surveys` are those of the source, where there is one, and of the target.
    """
    source, target = surveys
    context = clients.context
    promoted = environment.source is not None
    assert image.digest is not None  # noqa: S101 - resolved before
    registry, digest, repository = clients.registry(image.name), image.digest, image.name
    nodes = _nodes(environment, clients)
    return Facts(
        environment=environment,
        image=image,
        revision=revision,
        target=target.standing,
        source=source.standing if source else None,
        ci=_ci(environment, revision, clients, now, sleep),
        comparison=_comparison(environment, revision, clients) if promoted else None,
        immutable=asked(lambda: registry.tags_immutable(repository)) if promoted else None,
        label=asked(lambda: registry.revision_of(repository, digest)) if promoted else None,
        nodes=nodes,
        platforms=asked(lambda: registry.platforms_of(repository, digest)) if nodes else (),
        recorded=recorded(target.book.lines),
        holds=target.book.holds,
        overrides=overrides(target.book.lines, "freeze"),
        approvals=_approvals(environment, context.run_id, clients),
        run_id=context.run_id,
        ref=context.ref,
        final=final,
        now=now(),
    )


def asked(ask: Callable[[], T]) -> T | Unknown:
    """Return the answer, or Unknown with the reason why there is none."""
    try:
        return ask()
    except PromokitError as error:
        return Unknown(error.what, error.remedy or "run this again")


def commits_between(clients: Clients, running: str, revision: str) -> tuple[tuple[str, ...], str]:
    """Return the commits between the image that runs and the one to come, with a link.

    Nice to have, so never an error: both are empty where they can't be told.
    """
    github = clients.github
    if github is None or not running or not revision:
        return (), ""

    def ask() -> Comparison | None:
        before = ImageRef.parse(running)
        base = commit_of(clients.asked(before.name), before)
        return github.compare(base, revision) if base else None

    found = asked(ask)
    if found is None or isinstance(found, Unknown):
        return (), ""
    return tuple(f"{each.sha[:10]} {each.title}" for each in found.commits), found.url


def _ci(
    environment: Environment,
    revision: str,
    clients: Clients,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> Mapping[str, tuple[Run, ...] | Unknown]:
    """Ask for the runs of each workflow; those under way are looked at again until `wait` is over."""
    gate, github = environment.gates.ci, clients.github
    if gate is None:
        return {}
    if github is None:
        return dict.fromkeys(gate.workflow, _NO_GITHUB)
    if not revision:
        return dict.fromkeys(gate.workflow, Unknown("the image's commit isn't known", "build it with build.yaml"))
    branch = environment.settings().branch if environment.source else None
    own = clients.context.run_id
    until = now() + gate.wait
    found: dict[str, tuple[Run, ...] | Unknown] = {}
    for workflow in gate.workflow:
        found[workflow] = _runs(github, workflow, revision, branch, own)
        while _worth_waiting(found[workflow]) and now() < until:
            sleep(_LOOK_EVERY_SECONDS)
            found[workflow] = _runs(github, workflow, revision, branch, own)
    return found


def _runs(
    github: GitHub, workflow: str, revision: str, branch: str | None, own: int | None
) -> tuple[Run, ...] | Unknown:
    return asked(lambda: counting(github.runs(workflow, revision, branch=branch), revision, branch, own))


def _worth_waiting(runs: tuple[Run, ...] | Unknown) -> bool:
    return not isinstance(runs, Unknown) and under_way(runs)


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

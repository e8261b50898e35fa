"""`promokit rollout`: the rollout of a plan, or an ungated one of plain inputs."""

from __future__ import annotations

import click
from attrs import evolve

from promokit.cli.ending import Ending
from promokit.cli.options import (
    config_option,
    confirm,
    ends,
    environment_argument,
    option,
    plain_target,
    progress,
    target_environment,
    without,
    yes_option,
)
from promokit.cli.shown import plan_ending, result_ending
from promokit.durations import parse_duration
from promokit.errors import ConfigError, Refused
from promokit.model import Environment
from promokit.promotion.apply import apply_rollout
from promokit.promotion.clients import Clients
from promokit.promotion.plan import decode, promise_of
from promokit.promotion.planning import plan as make_plan
from promokit.promotion.primitives import pinned, roll_out


@click.command("rollout")
@environment_argument
@option("plan", help="The plan to apply: the plan output of `promokit plan`.")
@option("tag", help="The image, for an environment without `from`.")
@option("image", help="With plain inputs: repository:tag@sha256:…, or repository:tag to be pinned.")
@option("stable-for", help="With plain inputs: how long the new pods must stay Ready.")
@option("timeout", help="With plain inputs: when to give up.")
@plain_target
@yes_option
@config_option
@ends
def command(
    environment: str | None,
    plan: str | None,
    tag: str | None,
    image: str | None,
    stable_for: str | None,
    timeout: str | None,
    yes: bool,
    config: str,
    **plain: str | None,
) -> Ending:
    """Pin an image on every workload of ENVIRONMENT and follow it to a verdict."""
    where, clients = target_environment(config, environment, **plain), Clients()
    if plain["namespace"]:
        without("with --namespace: no gates are asked then", plan=plan, tag=tag)
        where = _with_windows(where, stable_for, timeout)
        return _ungated(where, image, yes, clients)
    without("without --namespace", image=image, stable_for=stable_for, timeout=timeout)
    if plan is not None:
        without("with --plan, which says it", tag=tag)
    if plan is None and where.source is not None:
        raise Refused(
            f"{where.name} takes only an applied plan or a rollback",
            remedy=f"promokit promote {where.name}, or pass --plan",
        )
    if plan is not None:
        promise = decode(plan)
        confirm(f"{where.name}: {promise.decided.get('previous')} → {promise.decided.get('image')}", yes)
        return result_ending("rollout", where.name, apply_rollout(where, promise, clients=clients, progress=progress))
    made = make_plan(where, tag=tag, migrate=False, clients=clients)
    if not made.allowed:
        return plan_ending(made)
    confirm(str(made), yes)
    done = apply_rollout(where, promise_of(made), clients=clients, progress=progress)
    return result_ending("rollout", where.name, done)


def _ungated(where: Environment, image: str | None, yes: bool, clients: Clients) -> Ending:
    if not image:
        raise ConfigError("plain inputs need an image", remedy="add --image repository:tag@sha256:…")
    reference = pinned(image, clients)
    confirm(f"{where.namespace}: {', '.join(map(str, where.workloads))} → {reference}", yes)
    return result_ending("rollout", where.name, roll_out(where, reference, clients=clients, progress=progress))


def _with_windows(where: Environment, stable_for: str | None, timeout: str | None) -> Environment:
    if stable_for:
        where = evolve(where, stable_for=parse_duration(stable_for))
    return evolve(where, timeout=parse_duration(timeout)) if timeout else where

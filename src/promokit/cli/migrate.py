"""`promokit migrate`: the migration of a plan, or an ungated one of plain inputs."""

from __future__ import annotations

import click

from promokit.cli.ending import Ending
from promokit.cli.options import (
    config_option,
    confirm,
    ends,
    environment_argument,
    existing,
    option,
    pipeline_environment,
    plain_target,
    target_environment,
    without,
    yes_option,
)
from promokit.cli.plan_shown import plan_ending
from promokit.cli.result_shown import result_ending
from promokit.cli.views import following
from promokit.errors import ConfigError
from promokit.model import Environment
from promokit.promotion.apply import apply_migration
from promokit.promotion.clients import Clients
from promokit.promotion.plan import decode, promise_of
from promokit.promotion.planning import plan as make_plan
from promokit.promotion.primitives import pinned, run_migration


@click.command("migrate")
@environment_argument
@option("plan", help="The plan to apply: the plan output of `promokit plan`.")
@option("tag", help="The image, for an environment without `from`.")
@option("image", help="With plain inputs: repository:tag@sha256:…, or repository:tag to be pinned.")
@option("job", help="With plain inputs: the file of the Job template.")
@plain_target
@yes_option
@config_option
@ends
def command(
    environment: str | None,
    plan: str | None,
    tag: str | None,
    image: str | None,
    job: str | None,
    yes: bool,
    config: str,
    **plain: str | None,
) -> Ending:
    """Run the migration Job of ENVIRONMENT with an image, its log streamed, to a verdict. A migration that succeeded
    here already isn't run again."""
    clients = Clients()
    if plain["namespace"]:
        without("with --namespace: no gates are asked then", plan=plan, tag=tag)
        where = target_environment(config, environment, **{**plain, "workloads": plain["workloads"] or "none/none"})
        return _ungated(where, image, job, yes, clients)
    without("without --namespace", image=image, job=job)
    where = pipeline_environment(config, environment)
    if plan is not None:
        without("with --plan, which says it", tag=tag)
        promise = decode(plan)
    else:
        made = make_plan(where, tag=tag, clients=clients)
        if not made.allowed:
            return plan_ending(made)
        promise = promise_of(made)
    confirm(f"run the migration of {promise.decided.get('image')} in {where.name}", yes)
    with following() as view:
        done = apply_migration(where, promise, clients=clients, progress=view)
    return result_ending("migration", where.name, done)


def _ungated(where: Environment, image: str | None, job: str | None, yes: bool, clients: Clients) -> Ending:
    if not image or not job:
        raise ConfigError("plain inputs need an image and a job", remedy="add --image and --job")
    reference, template = pinned(image, clients), existing(job)
    confirm(f"run {job} with {reference} in {where.namespace}", yes)
    with following() as view:
        done = run_migration(where, template, reference, clients=clients, progress=view)
    return result_ending("migration", where.name, done)

"""`promokit promote`: plan and apply in one process."""

from __future__ import annotations

import click

from promokit.cli.ending import Ending
from promokit.cli.options import (
    config_option,
    confirm,
    ends,
    environment_argument,
    option,
    pipeline_environment,
    yes_option,
)
from promokit.cli.plan_shown import plan_ending
from promokit.cli.result_shown import result_ending
from promokit.cli.views import following
from promokit.promotion.apply import LEASE_WAIT_SECONDS, apply
from promokit.promotion.clients import Clients
from promokit.promotion.planning import plan


@click.command("promote")
@environment_argument
@option("tag", help="The image, for an environment without `from`.")
@option("no-wait", is_flag=True, help="Don't wait for an operation that is under way.")
@yes_option
@config_option
@ends
def command(environment: str | None, tag: str | None, no_wait: bool, yes: bool, config: str) -> Ending:
    """Promote to ENVIRONMENT what its source runs: plan, ask, apply exactly that."""
    where, clients = pipeline_environment(config, environment), Clients()
    with following() as view:
        made = plan(where, tag=tag, clients=clients, progress=view)
    if not made.allowed:
        return plan_ending(made)
    confirm(str(made), yes)
    wait = 0.0 if no_wait else LEASE_WAIT_SECONDS
    with following() as view:
        done = apply(made, clients=clients, progress=view, wait=wait)
    return result_ending("promotion", where.name, done)

"""`promokit plan`: what a promotion would do, with every gate's answer. Changes nothing."""

from __future__ import annotations

import click

from promokit.cli.ending import Ending
from promokit.cli.options import config_option, ends, environment_argument, option, pipeline_environment
from promokit.cli.plan_shown import plan_ending
from promokit.cli.views import following
from promokit.promotion.planning import plan


@click.command("plan")
@environment_argument
@option("tag", help="The image, for an environment without `from`.")
@option("only-newer", is_flag=True, help="An image older than what runs there is nothing to do.")
@option("no-migration", is_flag=True, help="Leave the migration out: for an image that shares its schema.")
@config_option
@ends
def command(environment: str | None, tag: str | None, only_newer: bool, no_migration: bool, config: str) -> Ending:
    """Show what a promotion to ENVIRONMENT would do and judge every gate. Exit 3: one refuses; 5: one can't tell."""
    where = pipeline_environment(config, environment)
    with following() as view:
        made = plan(where, tag=tag, only_newer=only_newer, migrate=not no_migration, progress=view)
    return plan_ending(made)

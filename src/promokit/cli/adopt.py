"""`promokit adopt`: take over what somebody changed by hand."""

from __future__ import annotations

import click
from attrs import asdict

from promokit.cli.ending import Ending
from promokit.cli.options import config_option, confirm, ends, environment_argument, pipeline_environment, yes_option
from promokit.cli.tables import text_table
from promokit.cli.views import following
from promokit.promotion.adopting import Adoption
from promokit.promotion.adopting import adopt as take_over


@click.command("adopt")
@environment_argument
@click.option("--reason", required=True, help="Why, for the ledger.")
@yes_option
@config_option
@ends
def command(environment: str | None, reason: str, yes: bool, config: str) -> Ending:
    """Record that what ENVIRONMENT was set to by hand is what shall run there. Changes no workload."""
    where = pipeline_environment(config, environment)
    with following() as view:
        done = take_over(where, reason=reason, progress=view, confirm=lambda found: confirm(_table(found), yes))
    text = f"{where.name} is taken over as it runs; ledger head {done.head[:12]}\n{_table(done)}"
    return Ending({**asdict(done), "changed": True}, text)


def _table(found: Adoption) -> str:
    rows = [(name, " or ".join(found.recorded.get(name, ("nothing",))), image) for name, image in found.images.items()]
    return text_table(("workload", "the ledger says", "is set to"), rows)

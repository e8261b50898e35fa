"""`promokit override`: let one digest through a freeze."""

from __future__ import annotations

import click

from promokit.cli.ending import Ending
from promokit.cli.options import config_option, confirm, ends, environment_argument, pipeline_environment, yes_option
from promokit.image import Digest
from promokit.promotion.record import override


@click.command("override")
@environment_argument
@click.argument("gate", type=click.Choice(["freeze"]))
@click.argument("digest")
@click.option("--reason", required=True, help="Why, for the ledger.")
@yes_option
@config_option
@ends
def command(environment: str | None, gate: str, digest: str, reason: str, yes: bool, config: str) -> Ending:
    """Let DIGEST through ENVIRONMENT's freeze that is on now, until it ends. All other gates are asked."""
    where, named = pipeline_environment(config, environment), Digest.parse(digest)
    confirm(f"let {named} through the {gate} of {where.name}", yes)
    book = override(where, gate, named, reason=reason)
    text = f"{named} may be promoted to {where.name} in this freeze; ledger head {book.head[:12]}"
    return Ending({"gate": gate, "digest": str(named), "head": book.head, "changed": True}, text)

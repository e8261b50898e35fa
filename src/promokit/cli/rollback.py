"""`promokit rollback`: back to the previous good image, or to a tag that succeeded there."""

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
from promokit.cli.recording import recording_file, with_recording
from promokit.cli.shown import result_ending
from promokit.cli.views import following
from promokit.promotion.rollback import Way, rollback


@click.command("rollback")
@environment_argument
@click.option("--to", "tag", envvar="INPUT_TAG", help="A tag that succeeded there before; else the previous good one.")
@option("no-hold", is_flag=True, help="Don't hold the digest that is left: it wasn't the image's fault.")
@option("reason", default="rolled back", help="Why, for the ledger and the hold.")
@option("record", help="The file of the flight recorder: what `promokit explain --timeline` replays.")
@yes_option
@config_option
@ends
def command(
    environment: str | None,
    tag: str | None,
    no_hold: bool,
    reason: str,
    record: str | None,
    yes: bool,
    config: str,
) -> Ending:
    """Take ENVIRONMENT back. All workloads go together, migrations don't run, no gate is asked."""
    where = pipeline_environment(config, environment)

    file, hold = recording_file(record, where.name), not no_hold
    with following() as view:

        def ask(way: Way) -> None:
            proof = "" if way.proven else f" (unproven: {way.why})"
            told = "\n".join(f"  {each}: {way.now[each]} → {way.then[each]}" for each in way.now)
            view(f"rollback of {where.name}{proof}\n{told}")
            confirm("This changes what runs.", yes)

        done = rollback(where, tag or None, hold=hold, reason=reason, progress=view, confirm=ask, record=file)
    return with_recording(result_ending("rollback", where.name, done), file)

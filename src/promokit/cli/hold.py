"""`promokit hold`: keep a digest from being promoted to an environment, or let it go again."""

from __future__ import annotations

import click

from promokit.cli.ending import Ending
from promokit.cli.options import config_option, confirm, ends, environment_argument, pipeline_environment, yes_option
from promokit.image import Digest
from promokit.promotion.record import history
from promokit.promotion.record import hold as hold_digest
from promokit.promotion.record import release as release_digest


@click.command("hold")
@environment_argument
@click.argument("digest")
@click.option("--release", is_flag=True, help="Let it go again.")
@click.option("--reason", required=True, help="Why, for the ledger.")
@yes_option
@config_option
@ends
def command(environment: str | None, digest: str, release: bool, reason: str, yes: bool, config: str) -> Ending:
    """Hold DIGEST in ENVIRONMENT: it isn't promoted there again until it is released."""
    where, named = pipeline_environment(config, environment), Digest.parse(digest)
    before = history(where)
    act = release_digest if release else hold_digest
    nothing = release and bool(reason.strip()) and str(named) not in before.holds
    if not nothing:
        confirm(f"{'release' if release else 'hold'} {named} in {where.name}", yes)
    book = before if nothing else act(where, named, reason=reason)
    told = f"{where.name} holds: {', '.join(book.holds) or 'nothing'}; ledger head {book.head[:12]}"
    data = {"holds": book.holds, "head": book.head, "changed": book.head != before.head}
    return Ending(data, f"nothing to do: {named} isn't held there\n{told}" if nothing else told)

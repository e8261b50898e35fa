"""`promokit rollback`: back to the previous good image, or to a tag that succeeded there."""

from __future__ import annotations

import os

import click
from attrs import evolve

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
from promokit.cli.result_shown import result_ending
from promokit.cli.views import following
from promokit.errors import ConfigError
from promokit.image import tag_in
from promokit.promotion.context import Context
from promokit.promotion.result import Result
from promokit.promotion.rollback import rollback
from promokit.promotion.way import Way


@click.command("rollback")
@environment_argument
@click.option("--to", "tag", envvar="INPUT_TAG", help="A tag that succeeded there before; else the previous good one.")
@option("whole", is_flag=True, help="Bring back that revision's whole pod template, as `rollout undo` does.")
@option("no-hold", is_flag=True, help="Don't hold the digest that is left: it wasn't the image's fault.")
@option("reason", default="rolled back", help="Why, for the ledger and the hold.")
@option("record", help="The file of the flight recorder: what `promokit explain --timeline` replays.")
@yes_option
@config_option
@ends
def command(
    environment: str | None,
    tag: str | None,
    whole: bool,
    no_hold: bool,
    reason: str,
    record: str | None,
    yes: bool,
    config: str,
) -> Ending:
    """Take ENVIRONMENT back. All workloads go together, migrations don't run, no gate is asked."""
    where = pipeline_environment(config, environment)
    if tag == "":
        raise ConfigError("--to is empty", remedy="name a tag, or leave --to out to go back to the previous good image")
    file, hold = recording_file(record, where.name), not no_hold
    with following() as view:

        def ask(way: Way) -> None:
            view(told(where.name, way))
            confirm("This changes what runs.", yes)

        done = rollback(where, tag, whole=whole, hold=hold, reason=reason, progress=view, confirm=ask, record=file)
    if done.succeeded and not Context.of(os.environ).run_url:
        done = evolve(done, next_steps=(*done.next_steps, _tell(where.name, done)))
    return with_recording(result_ending("rollback", where.name, done), file)


def told(environment: str, way: Way) -> str:
    """Return the way as whoever confirms it reads it: from and to, what else changes, and how it is known."""
    proof = f" (unproven: {way.why})" if not way.proven else f" ({way.why})" if way.why else ""
    lines = [f"rollback of {environment}{proof}"]
    for each, image in way.now.items():
        lines.append(f"  {each}: {image} → {way.then[each]}")
        if each in way.templates:
            lines.append(
                f"    with its whole pod template; differs in: {', '.join(way.changes[each]) or 'nothing else'}"
            )
    return "\n".join([*lines, *(f"  {each}" for each in way.notes)])


def _tell(environment: str, done: Result) -> str:
    """In a GitHub run the next job tells Slack; from a laptop nobody has been told yet."""
    tags = f"--tag {tag_in(done.image)} --previous-tag {tag_in(done.previous)}"
    tags += f" --ledger-head {done.head}" if done.head else ""
    return f"nobody was told: promokit notify --event rollback --outcome succeeded --environment {environment} {tags}"

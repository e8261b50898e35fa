"""`promokit adopt`: take over what somebody changed by hand, or take in lines that the ledger hasn't got."""

from __future__ import annotations

from collections.abc import Sequence

import click
from attrs import asdict

from promokit.cli.ending import Ending
from promokit.cli.history import history_table
from promokit.cli.options import (
    config_option,
    confirm,
    ends,
    environment_argument,
    pipeline_environment,
    without,
    yes_option,
)
from promokit.cli.tables import text_table
from promokit.cli.views import following
from promokit.errors import ConfigError
from promokit.ledger.lines import Line
from promokit.ledger.told import MOST_BYTES
from promokit.model import Environment
from promokit.promotion.adopting import Adoption
from promokit.promotion.adopting import adopt as take_over
from promokit.promotion.taking_in import take_in


@click.command("adopt")
@environment_argument
@click.option("--reason", help="Why it was changed by hand, for the ledger.")
@click.option("--lines", help="A file of lines that a rollback couldn't write in the ledger, or - for stdin.")
@yes_option
@config_option
@ends
def command(environment: str | None, reason: str | None, lines: str | None, yes: bool, config: str) -> Ending:
    """Record that what ENVIRONMENT was set to by hand is what shall run there. Changes no workload.

    With --lines, record a rollback whose ledger couldn't be written: it told these lines.
    """
    where = pipeline_environment(config, environment)
    if lines is None:
        return _taken_over(where, reason or "", yes)
    without("with --lines", reason=reason)
    return _taken_in(where, _text(lines), yes)


def _taken_over(where: Environment, reason: str, yes: bool) -> Ending:
    with following() as view:
        done = take_over(where, reason=reason, progress=view, confirm=lambda found: confirm(_table(found), yes))
    text = f"{where.name} is taken over as it runs; ledger head {done.head[:12]}\n{_table(done)}"
    return Ending({**asdict(done), "changed": True}, text)


def _taken_in(where: Environment, text: str, yes: bool) -> Ending:
    def ask(found: Sequence[Line]) -> None:
        confirm(f"to be taken in by the ledger of {where.name}:\n{history_table(found)}", yes)

    with following() as view:
        done = take_in(where, text, progress=view, confirm=ask)
    data = {"lines": list(done.lines), "head": done.head, "changed": done.changed}
    if not done.changed:
        return Ending(data, f"nothing to do: the ledger of {where.name} has these operations; head {done.head[:12]}")
    told = f"the ledger of {where.name} has taken in {len(done.lines)} lines; head {done.head[:12]}"
    return Ending(data, f"{told}\n{history_table(done.lines)}")


def _text(file: str) -> str:
    """Return what stands in a file, or comes on stdin; ConfigError where it can't be read or is too much."""
    try:
        with click.open_file(file, "rb") as stream:
            data: bytes = stream.read(MOST_BYTES + 1)
        return data.decode()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it isn't text"
        raise ConfigError(
            f"the lines can't be read: {why}", where=file, remedy="name the file that has them"
        ) from error


def _table(found: Adoption) -> str:
    rows = [(name, " or ".join(found.recorded.get(name, ("nothing",))), image) for name, image in found.images.items()]
    return text_table(("workload", "the ledger says", "is set to"), rows)

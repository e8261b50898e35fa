"""`promokit history`: what was done to an environment, and whether its record holds."""

from __future__ import annotations

import re

import click

from promokit.cli.cells import clipped
from promokit.cli.ending import Ending
from promokit.cli.options import config_option, ends, environment_argument, option, pipeline_environment
from promokit.cli.tables import text_table
from promokit.errors import ConfigError
from promokit.ledger.book import Book
from promokit.ledger.chain import SHORTEST_HEAD, Line
from promokit.ledger.record import tag_in
from promokit.ledger.store import read_book
from promokit.promotion.clients import Clients

_HEAD = re.compile(rf"[0-9a-f]{{{SHORTEST_HEAD},64}}")
MOST_COLUMNS = 100
"""Of an outcome and its reason: -o json has all of it."""


@click.command("history")
@environment_argument
@option("verify", is_flag=True, help="Prove the chain of hashes; exit 1 names the first broken line.")
@option("head", help="With --verify: a head published outside, to find a cut tail too.")
@config_option
@ends
def command(environment: str | None, verify: bool, head: str | None, config: str) -> Ending:
    """Show what was done to ENVIRONMENT: when, what, by whom, with which outcome."""
    where = pipeline_environment(config, environment)
    book = read_book(Clients().namespace(where))
    data = {
        "lines": list(book.lines),
        "head": book.head,
        "anchor": book.anchor,
        "dropped": book.dropped,
        "changed": False,
    }
    if head is not None and not _HEAD.fullmatch(head):
        raise ConfigError(f"'{head}' is no head", remedy=f"give at least {SHORTEST_HEAD} of its hex digits")
    if verify or head is not None:
        return _verified(book, head, data)
    rows = [_row(each) for each in book.lines]
    table = text_table(("at", "what", "", "tag", "outcome", "by"), rows)
    return Ending(data, f"{table}\nhead {book.head}")


def _verified(book: Book, head: str | None, data: dict[str, object]) -> Ending:
    broken = book.broken(head)
    if broken is None:
        return Ending({**data, "verified": True}, f"the chain of {len(book.lines)} lines holds; head {data['head']}")
    told = f"line {broken.line}: {broken.what}"
    return Ending({**data, "verified": False, "broken": told}, told, 1, error=told)


def _row(line: Line) -> tuple[str, ...]:
    outcome = ": ".join(str(line[each]) for each in ("outcome", "reason") if line.get(each))
    tag = tag_in(str(line.get("image", ""))) or str(line.get("digest", ""))[:19]
    outcome = clipped(outcome, MOST_COLUMNS)
    return (*(str(line.get(each, "")) for each in ("at", "kind", "line")), tag, outcome, str(line.get("actor", "")))

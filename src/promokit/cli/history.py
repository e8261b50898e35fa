"""`promokit history`: what was done to an environment, and whether its record holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from promokit.cli.cells import clipped
from promokit.cli.ending import Ending
from promokit.cli.options import config_option, ends, environment_argument, option, pipeline_environment
from promokit.cli.tables import text_table
from promokit.durations import format_duration
from promokit.errors import ConfigError
from promokit.image import tag_in
from promokit.ledger.book import Book
from promokit.ledger.chain import SHORTEST_HEAD, Line
from promokit.ledger.record import TAKEN_IN, digest_in, end_of, in_order, texts
from promokit.ledger.store import read_book
from promokit.promotion.clients import Clients

_HEAD = re.compile(rf"[0-9a-f]{{{SHORTEST_HEAD},64}}")
MOST_COLUMNS = 100
"""Of a cell, such as a long reason: -o json has all of it."""
_COLUMNS = ("at (UTC)", "what", "from → to", "outcome", "took", "by", "why")
_LONGEST_SECONDS = 1e9
"""Somebody may have edited a line: what is no length of time isn't shown as one."""


@click.command("history")
@environment_argument
@option("verify", is_flag=True, help="Prove the chain of hashes; exit 1 names the first broken line.")
@option("head", help="With --verify: a head published outside, to find a cut tail too.")
@option("lines", is_flag=True, help="Print the ledger's lines, a JSON object each.")
@config_option
@ends
def command(environment: str | None, verify: bool, head: str | None, lines: bool, config: str) -> Ending:
    """Show what was done to ENVIRONMENT, oldest first: when, what, by whom, with which outcome."""
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
    if lines:
        return Ending(data, "\n".join(map(json.dumps, book.lines)))
    return Ending(data, f"{history_table(book.lines)}\nhead {book.head}")


def history_table(lines: Sequence[Line]) -> str:
    """Return lines of a ledger as people read them: a row an operation."""
    return text_table(_COLUMNS, list(_rows(lines)))


def _verified(book: Book, head: str | None, data: dict[str, object]) -> Ending:
    broken = book.broken(head)
    if broken is None:
        return Ending({**data, "verified": True}, f"the chain of {len(book.lines)} lines holds; head {data['head']}")
    told = f"line {broken.line}: {broken.what}"
    return Ending({**data, "verified": False, "broken": told}, told, 1, error=told)


def _rows(lines: Sequence[Line]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each operation, where it was opened, and for each thing that people noted."""
    images = [image for each in lines for image in (str(each.get("image", "")), *texts(each.get("previous")).values())]
    tags = {digest_in(each): tag_in(each) for each in images if digest_in(each) and tag_in(each)}
    begun = {each.get("op") for each in lines if each.get("line") == "opened"}
    for each in in_order(lines):
        if each.get("line") == "opened":
            yield _row(each, end_of(lines, each) or {"outcome": "still open"}, tags)
        elif each.get("line") != "closed" or each.get("op") not in begun:
            yield _row(each, each, tags)


def _row(start: Line, end: Line, tags: Mapping[str, str]) -> tuple[str, ...]:
    what = " ".join(str(start[each]) for each in ("kind", "gate") if start.get(each))
    why = (start.get("reason") if start.get("line") != "closed" else "") or end.get("why") or ""
    told = (_way(start, tags), _outcome(end), _took(end), _who(start, end), str(why))
    return (_at(start), what, *(clipped(each, MOST_COLUMNS) for each in told))


def _at(line: Line) -> str:
    """Our times are in UTC, to the second; what else stands there is shown as it is."""
    at = str(line.get("at", ""))
    return at.removesuffix("+00:00").replace("T", " ") if at.endswith("+00:00") else at


def _who(start: Line, end: Line) -> str:
    """By whom, and by whom it was taken in later where the ledger couldn't be written."""
    taken = texts(start.get(TAKEN_IN) or end.get(TAKEN_IN))
    later = f"taken in by {taken.get('actor', '')} {_at(taken)}" if taken else ""
    return ", ".join(filter(None, (str(start.get("actor", "")), later)))


def _way(start: Line, tags: Mapping[str, str]) -> str:
    """From which tags to which; of what was decided about a digest, its tag."""
    digest = str(start.get("digest", ""))
    before = _names(texts(start.get("previous")).values())
    then = _names((*texts(start.get("images")).values(), str(start.get("image", "")))) or tags.get(digest, digest[:19])
    return f"{before} → {then}" if before else then


def _names(images: Iterable[str]) -> str:
    """Name images by their tags, each once; one without a tag by some of its digest."""
    return ", ".join(dict.fromkeys(tag_in(each) or digest_in(each)[:19] or each for each in images if each))


def _outcome(end: Line) -> str:
    """Say how it ended, and of what didn't succeed why."""
    outcome = str(end.get("outcome", ""))
    reason = str(end.get("reason", "")) if outcome not in {"", "succeeded"} else ""
    back = ", rolled back by itself" if end.get("rolled_back") else ""
    return ": ".join(filter(None, (outcome.replace("_", " "), reason))) + back


def _took(end: Line) -> str:
    seconds = end.get("duration")
    return format_duration(seconds) if isinstance(seconds, int | float) and 0 <= seconds < _LONGEST_SECONDS else ""

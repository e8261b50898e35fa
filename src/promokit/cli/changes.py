"""What of a rollout is worth a line in a log: what changed, not each repeat of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import define, field, frozen

from promokit.cli.frame import counted
from promokit.github.escape import plain
from promokit.model import Workload
from promokit.rollout.standing import Standing, ended, told

MANY = 20
"""Of more workloads than this, each one's counts aren't told: only its signs and its end."""
QUIET_SECONDS = 5.0
LONGEST_LINE = 500
_NUMBERS = re.compile(r"[0-9]+")


@frozen
class Told:
    """A line to print, and the standing it tells; None for the line on all of them."""

    line: str
    standing: Standing | None = None


@define
class _Said:
    """What was last said of a workload, and when; `signs` are those that were told, their numbers left out."""

    outcome: str = ""
    counts: str = ""
    at: float = float("-inf")
    signs: set[str] = field(factory=set)


class Changes:
    """Remembers what was said. A workload's end is told at once; else it has a line each five seconds at most."""

    def __init__(self) -> None:
        self._last, self._over = float("-inf"), False
        self._said: dict[Workload, _Said] = {}

    def of(self, now: float, standings: Sequence[Standing]) -> Iterator[Told]:
        """Yield what is to be told of a look. Time that goes back is another rollout, such as the way back."""
        if now < self._last:
            self._said.clear()
            self._over = False
        self._last = now
        for standing in standings:
            if self._is_news(now, standing, quiet=len(standings) > MANY):
                yield Told(_line(now, told(standing)), standing)
        over = ended(standings)
        if over and not self._over and len(standings) > 1:
            yield Told(_line(now, f"{len(standings)} workloads: {counted(standings)}"))
        self._over = over

    def _is_news(self, now: float, standing: Standing, *, quiet: bool) -> bool:
        said = self._said.setdefault(standing.workload, _Said())
        verdict, sign = standing.verdict, _sign(standing)
        outcome = f"{verdict.outcome}: {verdict.reason}"
        counts = "" if quiet else f"{outcome} {standing.updated}/{standing.wanted} {standing.available}"
        if verdict.final and outcome != said.outcome:
            news = True
        elif verdict.final or now - said.at < QUIET_SECONDS:
            return False
        else:
            news = counts != said.counts or bool(sign and sign not in said.signs)
        if news:
            said.outcome, said.counts, said.at = outcome, counts, now
            said.signs.add(sign)
        return news


def _sign(standing: Standing) -> str:
    """Return the newest sign without its pod and numbers: what another pod repeats, or a counter, isn't news."""
    _, _, rest = standing.newest.partition(" ")
    return _NUMBERS.sub("", rest[:LONGEST_LINE])


def _line(now: float, text: str) -> str:
    """Write it as one line of text; what it holds is foreign."""
    return f"{now:6.1f}s  {one_line(text)}"


def one_line(text: str) -> str:
    """Return foreign text as one line of a log, cut where it is very long."""
    short = text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + "…"
    return plain("  ".join(filter(None, (" ".join(part.split()) for part in short.split("  ")))))

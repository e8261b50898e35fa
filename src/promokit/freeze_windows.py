"""Windows of time in which nothing is promoted, weekly or dated, by the clocks of a place. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache

from attrs import frozen

from promokit.errors import ConfigError

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TIME = "(?: ((?:[01][0-9]|2[0-3]):[0-5][0-9]))?"
_DATE = "([0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]))"
WEEKLY = f"({'|'.join(_DAYS)}){_TIME} to ({'|'.join(_DAYS)}){_TIME}"
"""The form of a weekly window, as a regular expression that JavaScript reads too: editors check it by the schema."""
DATED = f"{_DATE}{_TIME} to {_DATE}{_TIME}"
"""The form of a dated window; which days a month has it doesn't know."""
_WEEK = timedelta(days=7)


@frozen
class Span:
    """One occurrence of a window; `end` isn't in it any more. Both are aware, in the window's zone."""

    start: datetime
    end: datetime


@frozen
class FreezeWindow:
    """`weekly` (Fri 16:00 to Mon 08:00) or `dates` (2026-12-19 to 2027-01-03), by the clocks of `zone`.

    Without a time, the first day counts from its midnight and the last one to its end. ConfigError for anything else.
    """

    weekly: str | None = None
    dates: str | None = None
    zone: str = "UTC"

    def __attrs_post_init__(self) -> None:
        if (self.weekly is None) == (self.dates is None):
            raise ConfigError("a freeze window is either weekly or dated", remedy="give weekly: or dates:")
        _clocks(self.zone)
        if self.dates is not None and not (span := self._dated(self.dates)).start < span.end:
            raise ConfigError(f"'{self.dates}' ends before it starts", remedy="swap its two dates")
        if self.weekly is not None and (span := self._weekly(self.weekly, date(2026, 1, 5))).end - span.start >= _WEEK:
            raise ConfigError(f"'{self.weekly}' is the whole week", remedy="leave some time to promote")

    def __str__(self) -> str:
        return f"{self.weekly or self.dates} {self.zone}"

    def span(self, now: datetime) -> Span | None:
        """Return the occurrence that `now` is in, or None."""
        if self.dates is not None:
            spans = [self._dated(self.dates)]
        else:
            monday = now.astimezone(_clocks(self.zone)).date()
            monday -= timedelta(days=monday.weekday())
            spans = [self._weekly(self.weekly or "", monday - back) for back in (timedelta(0), _WEEK)]
        # Two times of one zone compare by their clocks, which stand still or jump twice a year: UTC doesn't.
        moment = now.astimezone(UTC)
        return next((each for each in spans if each.start.astimezone(UTC) <= moment < each.end.astimezone(UTC)), None)

    def _dated(self, text: str) -> Span:
        first, start, last, end = _read(DATED, text, "2026-12-19 to 2027-01-03, with times or without")
        try:
            return Span(self._at(date.fromisoformat(first), start), self._at(date.fromisoformat(last), end, ends=True))
        except (ValueError, OverflowError):
            raise ConfigError(f"'{text}' has a date that there isn't", remedy="mend it") from None

    def _weekly(self, text: str, monday: date) -> Span:
        first, start, last, end = _read(WEEKLY, text, "Fri 16:00 to Mon 08:00, with times or without")
        begins = self._at(monday + timedelta(days=_DAYS.index(first)), start)
        ends = self._at(monday + timedelta(days=_DAYS.index(last)), end, ends=True)
        if ends.replace(tzinfo=None) <= begins.replace(tzinfo=None):
            ends = self._at(monday + timedelta(days=_DAYS.index(last) + 7), end, ends=True)
        return Span(begins, ends)

    def _at(self, day: date, text: str | None, *, ends: bool = False) -> datetime:
        if text is None:
            return datetime.combine(day + timedelta(days=1 if ends else 0), time(), _clocks(self.zone))
        return datetime.combine(day, time.fromisoformat(text), _clocks(self.zone))


def _read(pattern: str, text: str, form: str) -> tuple[str, str | None, str, str | None]:
    match = re.fullmatch(pattern, text)
    if match is None:
        raise ConfigError(f"'{text}' is no freeze window", remedy=f"write it as {form}")
    return match[1], match[2], match[3], match[4]


@cache
def _clocks(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found; not a name; a folder of zones
        raise ConfigError(
            f"'{name}' is no time zone known here", remedy="name one of the tz database, such as Europe/Zurich or UTC"
        ) from None

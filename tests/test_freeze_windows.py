from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.errors import ConfigError
from promokit.freeze_windows import FreezeWindow

ZURICH = "Europe/Zurich"


def covers(window: FreezeWindow, moment: str) -> bool:
    """Say whether a moment in UTC is in the window."""
    return window.span(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is not None


@pytest.mark.parametrize(
    ("weekly", "zone", "inside", "outside"),
    [
        ("Fri 16:00 to Mon 08:00", "UTC", "2026-11-27 16:00", "2026-11-27 15:59"),
        ("Fri 16:00 to Mon 08:00", "UTC", "2026-11-30 07:59", "2026-11-30 08:00"),
        ("Fri 16:00 to Mon 08:00", ZURICH, "2026-11-27 15:00", "2026-11-27 14:59"),
        ("Fri 16:00 to Mon 08:00", ZURICH, "2026-07-03 14:00", "2026-07-03 13:59"),
        ("Sat to Sun", "UTC", "2026-11-29 23:59", "2026-11-30 00:00"),
        ("Sat to Sat", "UTC", "2026-11-28 00:00", "2026-11-29 00:00"),
        ("Sun to Mon", "UTC", "2026-11-30 12:00", "2026-12-01 00:00"),
        ("Mon 09:00 to Mon 08:00", "UTC", "2026-11-30 09:00", "2026-11-30 08:30"),
        ("Sat to Sun", "Pacific/Auckland", "2026-11-27 11:00", "2026-11-29 11:00"),
        ("Fri 17:00 to Fri 23:00", "America/Los_Angeles", "2026-11-28 01:00", "2026-11-28 07:00"),
    ],
)
def test_a_weekly_window_goes_by_the_clocks_of_its_zone(weekly: str, zone: str, inside: str, outside: str) -> None:
    """Its first minute is in it, its last isn't; it may go over a Sunday; summer time moves it."""
    window = FreezeWindow(weekly, zone=zone)
    assert covers(window, inside)
    assert not covers(window, outside)


@pytest.mark.parametrize(
    ("dates", "zone", "inside", "outside"),
    [
        ("2026-12-19 to 2027-01-03", "UTC", "2026-12-19 00:00", "2026-12-18 23:59"),
        ("2026-12-19 to 2027-01-03", "UTC", "2027-01-03 23:59", "2027-01-04 00:00"),
        ("2026-12-19 16:00 to 2027-01-04 08:00", ZURICH, "2027-01-04 06:59", "2027-01-04 07:00"),
        ("2026-12-24 to 2026-12-24", ZURICH, "2026-12-23 23:00", "2026-12-24 23:00"),
        ("2026-10-25 00:00 to 2026-10-25 12:00", ZURICH, "2026-10-25 10:59", "2026-10-25 11:00"),
    ],
)
def test_a_dated_window_has_its_first_and_its_last_day(dates: str, zone: str, inside: str, outside: str) -> None:
    """Whole days where no time is told, also on the day when the clocks change."""
    window = FreezeWindow(dates=dates, zone=zone)
    assert covers(window, inside)
    assert not covers(window, outside)


def test_an_occurrence_says_when_it_began_and_when_it_ends() -> None:
    """In the zone of the window, for people to read."""
    span = FreezeWindow("Fri 16:00 to Mon 08:00", zone=ZURICH).span(datetime(2026, 11, 28, tzinfo=UTC))
    assert span is not None
    assert (span.start.isoformat(), span.end.isoformat()) == ("2026-11-27T16:00:00+01:00", "2026-11-30T08:00:00+01:00")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "either weekly or dated"),
        ({"weekly": "Sat to Sun", "dates": "2026-12-24 to 2026-12-24"}, "either weekly or dated"),
        ({"weekly": "Saturday"}, "no freeze window"),
        ({"weekly": "Fri 4pm to Mon"}, "no freeze window"),
        ({"weekly": "Fri 25:00 to Mon"}, "no freeze window"),
        ({"weekly": "Mon to Sun"}, "whole week"),
        ({"weekly": "Mon 08:00 to Mon 08:00"}, "whole week"),
        ({"dates": "2026-12-24"}, "no freeze window"),
        ({"dates": "2026-02-30 to 2026-03-01"}, "that there isn't"),
        ({"dates": "9999-12-31 to 9999-12-31"}, "that there isn't"),
        ({"dates": "2027-01-03 to 2026-12-19"}, "ends before it starts"),
        ({"dates": "2026-12-24 10:00 to 2026-12-24 10:00"}, "ends before it starts"),
        ({"weekly": "Sat to Sun", "zone": "Europe/Nowhere"}, "no time zone"),
        ({"weekly": "Sat to Sun", "zone": "../../etc/passwd"}, "no time zone"),
        ({"weekly": "Sat to Sun", "zone": "Europe"}, "no time zone"),
        ({"weekly": "Sat to Sun", "zone": ""}, "no time zone"),
    ],
)
def test_what_cannot_be_meant_is_wrong_configuration(told: dict[str, str], words: str) -> None:
    """With the form that it should have."""
    with pytest.raises(ConfigError, match=words) as caught:
        FreezeWindow(**told)
    assert caught.value.remedy


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Fri 16:00 to Mon 08:00", "Sat to Sun", "Sun 02:30 to Sun 02:45", "Tue 23:00 to Tue 01:00"]),
    st.sampled_from(["UTC", ZURICH, "America/New_York", "Pacific/Auckland"]),
)
def test_a_moment_is_in_the_occurrence_that_is_told(now: datetime, weekly: str, zone: str) -> None:
    """Start and end enclose it, and at the end the window is over, or its next occurrence has begun."""
    window = FreezeWindow(weekly, zone=zone)
    if span := window.span(now):
        assert span.start.astimezone(UTC) <= now < span.end.astimezone(UTC)
        assert span.end.astimezone(UTC) - span.start.astimezone(UTC) < timedelta(days=7, hours=1)
        after = window.span(span.end)
        assert after is None or after.start.astimezone(UTC) >= span.end.astimezone(UTC)

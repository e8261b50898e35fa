from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.durations import format_duration, parse_duration
from promokit.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("15m", 900), ("1h30m", 5400), ("2d", 172800), ("250ms", 0.25), ("0", 0), (0, 0), ("0s", 0)],
)
def test_lengths_of_time_are_read_as_people_write_them(text: object, seconds: float) -> None:
    """Numbers with units, one after the other; a bare 0 needs none."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", [30, "30", "", "s", "-5s", "1.5h", "5 m", "5M", "٣s", "5s ", None, False, True, 0.0, [], "9" * 400 + "d"]
)
def test_anything_else_is_refused_with_the_form_to_use(text: object) -> None:
    """A bare number is no length of time, and neither is `false` a zero."""
    with pytest.raises(ConfigError) as caught:
        parse_duration(text)
    assert "30s, 15m, 24h" in str(caught.value)


def test_a_number_without_end_is_refused_too() -> None:
    """More digits than Python turns into a number are wrong use, not a crash."""
    with pytest.raises(ConfigError):
        parse_duration("9" * 5000 + "s")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1.42, "1.4s"), (35, "35s"), (125, "2m05s"), (11220, "3h07m"), (187200, "2d04h"), (59.7, "1m00s")],
)
def test_lengths_of_time_are_written_for_people(seconds: float, text: str) -> None:
    """Two units at most, never sixty of one."""
    assert format_duration(seconds) == text
    assert format_duration(timedelta(seconds=seconds)) == text


@given(st.lists(st.tuples(st.integers(0, 999), st.sampled_from("smhd")), min_size=1, max_size=4))
def test_parts_add_up(parts: list[tuple[int, str]]) -> None:
    """A text of several parts means their sum."""
    whole = sum((parse_duration(f"{number}{unit}") for number, unit in parts), timedelta(0))
    assert parse_duration("".join(f"{number}{unit}" for number, unit in parts)) == whole

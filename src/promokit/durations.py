"""Lengths of time as people write them: 30s, 15m, 24h, 2d."""

from __future__ import annotations

import re
from datetime import timedelta

from promokit.errors import ConfigError

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: object) -> timedelta:
    """Read `30s`, `15m`, `1h30m`, `2d`, or `0`; ConfigError for anything else."""
    if text == "0" or (text == 0 and type(text) is int):
        return timedelta(0)
    if not isinstance(text, str) or not re.fullmatch(r"([0-9]+(ms|s|m|h|d))+", text):
        raise ConfigError(f"{text!r} is not a length of time", remedy="write it as 30s, 15m, 24h or 2d")
    parts = re.findall(r"([0-9]+)(ms|[smhd])", text)
    try:
        return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
    except (OverflowError, ValueError):  # more digits than int() takes
        raise ConfigError(f"{text!r} is too long a time", remedy="write it as 30s, 15m, 24h or 2d") from None


def format_duration(length: timedelta | float) -> str:
    """Write seconds or a timedelta as a person would: `1.4s`, `35s`, `2m05s`, `3h07m`, `2d04h`."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    if seconds < 10:
        return f"{seconds:.1f}s"
    if round(seconds) < 60:
        return f"{seconds:.0f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours < 48 else f"{hours // 24}d{hours % 24:02d}h"

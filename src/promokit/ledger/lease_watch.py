"""Whether the holder of a lease is gone, by the observer's own clock. Pure."""

from __future__ import annotations

from attrs import define

_BLIND_SECONDS = 10.0


@define
class Unrenewed:
    """How long another's lease has stood as it is, of the time in which we were looking.

    Who didn't look for a while (an API server away, a process that was stopped) begins to count anew: the holder may
    not have been able to renew either.
    """

    _sign: tuple[str, str] | None = None
    _since: float = 0.0
    _looked: float = 0.0

    def seconds(self, sign: tuple[str, str], now: float) -> float:
        """Take a look at `now` (monotonic seconds), which showed `sign`, and return for how long that has stood."""
        if sign != self._sign or now - self._looked > _BLIND_SECONDS:
            self._sign, self._since = sign, now
        self._looked = now
        return now - self._since

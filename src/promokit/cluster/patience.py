"""Asking a server in trouble again, after pauses that grow, or those that it asks for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from promokit.cluster.transport import Away, Busy
from promokit.cluster.watch import Pauses

T = TypeVar("T")
PAUSES = Pauses()


def patiently(ask: Callable[[], T], until: float, given_up: Callable[[], object] = lambda: None) -> T:
    """Return what `ask` returns, asked again while the server is away or busy, but not after `until` (monotonic).

    Raises its last error when the time is over, or once `given_up` says so; other errors at once.
    """
    failures = 0
    while True:
        try:
            return ask()
        except (Away, Busy) as error:
            failures += 1
            pause = PAUSES.after(failures, error)
            if given_up() or time.monotonic() + pause > until:
                raise
            time.sleep(pause)

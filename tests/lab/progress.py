"""What the lab tells while it works: on stderr, a line for each step with its time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(what: str) -> Iterator[None]:
    """Tell how long a step took, once it's done."""
    began = time.monotonic()
    yield
    say(f"{time.monotonic() - began:5.1f} s  {what}")


def say(text: str) -> None:
    """Tell something."""
    print(f"lab: {text}", file=sys.stderr, flush=True)

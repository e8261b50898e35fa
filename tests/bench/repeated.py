"""How often a part of the bench measures, on the lab that runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.lab import lifecycle

TIMES = 10


def times_on_the_lab(name: str, description: str | None, arguments: Sequence[str] | None) -> int:
    """Return how often the part of this name is asked to measure. Ends the program with 2 where no lab runs."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.bench.{name}", description=description)
    parser.add_argument("times", nargs="?", type=int, default=TIMES)
    times: int = parser.parse_args(arguments).times
    need_lab()
    return times


def need_lab() -> None:
    """End the program with 2 where no lab runs."""
    if not lifecycle.is_up():
        print("the lab isn't running: python -m tests.lab up", file=sys.stderr)
        sys.exit(2)

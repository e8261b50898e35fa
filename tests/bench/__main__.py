"""`python -m tests.bench`: every part, one after another. Where no lab runs, it is started for those that need it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from tests.bench import healthy, identity, many, scale, verdicts
from tests.lab import lifecycle


def main() -> int:
    """Measure everything; 130 where interrupted."""
    try:
        identity.main()
        with _lab():
            verdicts.main([])
            healthy.main([])
        scale.main([])
        many.main([])
    except KeyboardInterrupt:
        return 130
    return 0


@contextlib.contextmanager
def _lab() -> Iterator[None]:
    ours = not lifecycle.is_up()
    if ours:
        lifecycle.up()
    try:
        yield
    finally:
        if ours:
            lifecycle.down()


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.bench`: every part, one after another. Where no lab runs, it is started for those that need it."""

from __future__ import annotations

import sys

from tests.bench import healthy, identity, many, rollback, scale, verdicts
from tests.lab import lifecycle


def main() -> int:
    """Measure everything; 130 where interrupted."""
    try:
        identity.main()
        with lifecycle.running():
            verdicts.main([])
            healthy.main([])
            rollback.main([])
        scale.main([])
        many.main([])
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

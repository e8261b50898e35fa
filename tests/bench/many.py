"""`python -m tests.bench.many [COUNT]`: 200 Deployments in one call, followed by each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.bench import costs, deployments, page
from tests.bench.followed import compare
from tests.bench.simulated import simulated_cluster

COUNT = 200
REPLICAS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write it down."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.many", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=COUNT)
    count = parser.parse_args(arguments).count
    names = [f"web-{number}" for number in range(count)]
    with simulated_cluster() as cluster:
        deployments.make_namespace(cluster.api())
        deployments.create(cluster.api(), names, REPLICAS)
        compared = compare(cluster, names)
    rows = costs.rows(f"{count} Deployments of {REPLICAS}", compared)
    page.write("many", parser.prog, page.table(costs.HEAD, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())

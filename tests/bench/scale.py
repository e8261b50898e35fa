"""`python -m tests.bench.scale [PODS…]`: the rollout of a Deployment of 1,000 and of 5,000 pods, followed by each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.bench import costs, deployments, page
from tests.bench.followed import compare
from tests.bench.simulated import simulated_cluster

SIZES = (1000, 5000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write it down."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("pods", nargs="*", type=int, default=SIZES)
    rows: list[Sequence[str]] = []
    with simulated_cluster() as cluster:
        deployments.make_namespace(cluster.api())
        for pods in parser.parse_args(arguments).pods:
            if rows:
                deployments.remove(cluster.api())
            deployments.create(cluster.api(), ["web"], pods)
            rows += costs.rows(f"1 Deployment of {pods:,}", compare(cluster, ["web"]))
    page.write("scale", parser.prog, page.table(costs.HEAD, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())

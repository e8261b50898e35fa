"""`python -m tests.lab.doubles`: the three doubles on the lab's ports, until a signal ends them."""

import argparse
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.lab.doubles.aws import AwsDouble
from tests.lab.doubles.github import GitHubDouble
from tests.lab.doubles.slack import SlackDouble

_STOP = {signal.SIGTERM, signal.SIGINT}


def main(arguments: list[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT: 0 then, 2 where a port can't be had."""
    told = _parser().parse_args(arguments)
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)  # Before any thread starts: each inherits it.
    doubles = (
        AwsDouble(registry=told.registry, clusters=told.clusters, port=told.aws_port),
        GitHubDouble(origin=told.origin, port=told.github_port),
        SlackDouble(port=told.slack_port),
    )
    with ExitStack() as stack:
        try:
            urls = [stack.enter_context(double).url for double in doubles]
        except OSError as error:
            sys.stderr.write(f"doubles: a port can't be had: {error}. Remedy: end what listens there.\n")
            return 2
        sys.stdout.write(f"ready aws={urls[0]} github={urls[1]} slack={urls[2]}/api/\n")
        sys.stdout.flush()
        signal.sigwait(_STOP)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.doubles", description=__doc__)
    parser.add_argument("--registry", required=True, help="URL of the registry behind ECR")
    parser.add_argument("--clusters", required=True, type=Path, help="the lab's JSON file of clusters")
    parser.add_argument("--origin", required=True, type=Path, help="the bare git repository behind GitHub")
    parser.add_argument("--aws-port", type=int, default=14566)
    parser.add_argument("--github-port", type=int, default=14567)
    parser.add_argument("--slack-port", type=int, default=14568)
    return parser


if __name__ == "__main__":
    sys.exit(main())

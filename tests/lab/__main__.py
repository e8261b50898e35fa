"""`python -m tests.lab up|down|status|reset|build NAME`."""

from __future__ import annotations

import argparse
import sys

from tests.lab import build, lifecycle
from tests.lab.errors import LabError


def main() -> int:
    """Do what the command line says; 0, or 2 with the reason and the remedy, or 130 where interrupted."""
    asked = _parser().parse_args()
    try:
        _do(asked)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("lab: interrupted; everything is put back", file=sys.stderr)
        return 130
    return 0


def _do(asked: argparse.Namespace) -> None:
    if asked.command == "build":
        folder = build.build(asked.name)
        print(folder / asked.name if (folder / asked.name).is_file() else folder)
    elif asked.command == "status":
        print("\n".join(lifecycle.status()))
    else:
        {"up": lifecycle.up, "down": lifecycle.down, "reset": lifecycle.reset}[asked.command]()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="The lab: real clusters on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start it (builds and installs first what's missing)")
    commands.add_parser("down", help="end it; nothing stays but the built programs")
    commands.add_parser("status", help="what runs")
    commands.add_parser("reset", help="back to the first state, with everything running")
    built = commands.add_parser("build", help="build one of its programs and print where it is")
    built.add_argument("name", choices=sorted(build.RECIPES))
    return parser


if __name__ == "__main__":
    sys.exit(main())

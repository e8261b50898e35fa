"""The command line: one file a command, and one place that turns results and errors into output and exit."""

from promokit.cli.app import main

__all__ = ["main"]

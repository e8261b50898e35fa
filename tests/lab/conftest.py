"""The lab for tests: the one that runs, or one that's started for them and ended after them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.lab import lifecycle, state
from tests.lab.layout import CHECKOUT


@pytest.fixture(scope="session")
def lab() -> Iterator[state.Lab]:
    """A lab that runs; where this session started it, it ends with the session."""
    ours = not lifecycle.is_up()
    if ours:
        call_lab("up")
    yield state.read()
    if ours:
        call_lab("down")


def call_lab(command: str) -> None:
    """Run the lab's command line as a person would; its words go to the test's output."""
    subprocess.run([sys.executable, "-m", "tests.lab", command], cwd=CHECKOUT, check=True)

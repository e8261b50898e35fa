"""The lab for tests: the one that runs, or one that's started for them and ended after them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.lab import lifecycle, state
from tests.lab.layout import CHECKOUT
from tests.lab.stand import world
from tests.lab.stories import Stories, tells


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of stories last: what they share must not outlive a test that ends the lab and starts it again."""
    items.sort(key=lambda each: tells(each) is not None)


@pytest.fixture(scope="session")
def lab() -> Iterator[state.Lab]:
    """A lab that runs; where this session started it, it ends with the session."""
    ours = not lifecycle.is_up()
    if ours:
        call_lab("up")
    yield state.read()
    if ours:
        call_lab("down")


@pytest.fixture(scope="session")
def stories(lab: state.Lab, request: pytest.FixtureRequest) -> Iterator[Stories]:
    """The stories of all tests that were chosen: they are begun with the first of them."""
    with world() as there:
        told = Stories(there)
        try:
            told.begin(request.session.items)
            yield told
        finally:
            told.stop()


def call_lab(command: str) -> None:
    """Run the lab's command line as a person would; its words go to the test's output."""
    subprocess.run([sys.executable, "-m", "tests.lab", command], cwd=CHECKOUT, check=True)

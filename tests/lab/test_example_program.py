"""The example's own Go tests, its migrations on the lab's PostgreSQL."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.lab import state
from tests.lab.layout import CHECKOUT
from tests.lab.toolchain import go

pytestmark = pytest.mark.lab


def test_the_examples_own_tests_pass(lab: state.Lab) -> None:
    """Its units, and its migrations on a real database: in order, once, undone when one fails."""
    done = subprocess.run(
        [go(), "test", "-count=1", "-tags", "postgres", "./..."],
        cwd=CHECKOUT / "examples/credreg",
        env={**os.environ, "DATABASE_URL": state.read().postgres["test"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
    assert "internal/schema" in done.stdout

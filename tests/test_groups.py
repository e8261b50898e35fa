"""The Makefile runs the tests in groups: each test is in one of them."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
MARKS = ("lab", "program", "hypothesis")


def targets_of_test() -> list[str]:
    """The targets that `make test` makes."""
    (line,) = re.findall(r"^test: ([a-z -]+) ##", MAKEFILE, re.MULTILINE)
    return str(line).split()


def selections() -> dict[str, str]:
    """What each of these targets tells pytest to select."""
    found = re.findall(r"^([a-z-]+): setup ##.*\n\t@\$\(BIN\)/pytest -m (?:'([^']+)'|(\w+))", MAKEFILE, re.MULTILINE)
    return {target: quoted or word for target, quoted, word in found if target in targets_of_test()}


def test_every_test_is_in_one_group() -> None:
    """Whatever marks a test has, one of the targets that make test makes selects it, and no other."""
    assert set(selections()) == {"unit", "property", "programs", "lab-test"}
    for has in itertools.product((False, True), repeat=len(MARKS)):
        marks = dict(zip(MARKS, has, strict=True))
        taken = [target for target, words in selections().items() if eval(words, {}, marks)]  # noqa: S307 - our own
        assert len(taken) == 1, (marks, taken)


def test_the_lab_s_tests_are_in_its_folder() -> None:
    """Its target looks nowhere else."""
    mark = re.compile(r"^(pytestmark = |@)pytest\.mark\.lab\b", re.MULTILINE)
    marked = [path for path in (ROOT / "tests").rglob("*.py") if mark.search(path.read_text())]
    assert marked
    assert not [path for path in marked if not path.is_relative_to(ROOT / "tests/lab")]


def test_the_tests_of_the_doubles_are_told_apart() -> None:
    """They bring npm and a registry, so none of their files is among the unit tests."""
    files = (ROOT / "tests/doubles").glob("test_*.py")
    assert not [path.name for path in files if "pytestmark = pytest.mark.program\n" not in path.read_text()]

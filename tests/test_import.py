import subprocess
import sys

import pytest

import promokit

_FRESH = """
import sys
before = set(sys.modules)
import promokit
new = {{each.partition(".")[0] for each in set(sys.modules) - before}}
print(*sorted(new - set({leave_out})))
"""


def test_importing_promokit_loads_no_third_party_module() -> None:
    """A script pays for a client only once it uses it."""
    assert loaded() == ["promokit"]


def test_importing_promokit_loads_little_of_the_standard_library() -> None:
    """Not even typing: it takes longer than all the rest (`make bench` measures)."""
    assert {*loaded("")} <= {"promokit", "importlib", "warnings", "_warnings", "__future__"}


def loaded(leave_out: str = "sys.stdlib_module_names") -> list[str]:
    """The top modules that come with promokit, without those of a set."""
    program = _FRESH.format(leave_out=leave_out)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("name", promokit.__all__)
def test_every_public_name_is_there_and_told(name: str) -> None:
    """Each name of the package resolves to something with a docstring."""
    assert getattr(promokit, name).__doc__


def test_the_public_names_are_listed() -> None:
    """dir() shows exactly what __all__ promises, and no public name is a folder's."""
    assert dir(promokit) == sorted(promokit.__all__)
    assert not {"rollout", "migration", "gates", "ledger", "identity", "cluster"} & set(promokit.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """Lazy names fail as others do."""
    with pytest.raises(AttributeError, match="no attribute 'promot'"):
        promokit.promot  # noqa: B018

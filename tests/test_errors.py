import pickle

import pytest

from promokit.errors import ConfigError, PromokitError, Refused, Unreachable, VerificationFailed


def test_an_error_prints_what_where_and_remedy_on_one_line() -> None:
    """Whoever prints an error prints all a person needs, without a line break that came from outside."""
    error = Refused("the tag moved\nto another image.", where="registry/app", remedy="plan again.")
    assert str(error) == "the tag moved to another image (registry/app). Remedy: plan again."


def test_an_error_without_place_or_remedy_prints_just_what() -> None:
    """Nothing is printed for what isn't known."""
    assert str(PromokitError("it broke")) == "it broke"


def test_terminal_control_in_an_error_is_not_printed() -> None:
    """Text from outside can't drive the terminal through an error."""
    assert str(ConfigError("a\x1b[31mb\x07c")) == "a [31mb c"


@pytest.mark.parametrize(
    ("kind", "code"),
    [(PromokitError, 1), (ConfigError, 2), (Refused, 3), (Unreachable, 5), (VerificationFailed, 1)],
)
def test_each_kind_has_its_exit_code(kind: type[PromokitError], code: int) -> None:
    """The exit codes are the public contract."""
    assert kind("x").exit_code == code


def test_an_error_survives_a_copy_between_processes() -> None:
    """Pickling keeps where and remedy."""
    error = pickle.loads(pickle.dumps(Unreachable("x", where="y", remedy="z")))  # noqa: S301
    assert str(error) == "x (y). Remedy: z."

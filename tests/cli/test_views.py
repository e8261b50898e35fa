import io
from collections.abc import Mapping

import pytest

from promokit.cli.views import view_for


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


HERE = {"TERM": "xterm-256color"}
RUNNER = {"GITHUB_ACTIONS": "true", "CI": "true"}


@pytest.mark.parametrize(
    ("environ", "terminal", "view"),
    [
        (HERE, True, "LiveView"),
        ({**HERE, "CI": "false"}, True, "LiveView"),
        ({**HERE, "CI": "true"}, True, "PlainView"),
        ({**HERE, "CI": "1"}, True, "PlainView"),
        ({"TERM": "dumb"}, True, "PlainView"),
        ({}, True, "PlainView"),
        (HERE, False, "PlainView"),
        ({**HERE, **RUNNER}, True, "GitHubView"),
        (RUNNER, False, "GitHubView"),
    ],
)
def test_each_place_has_its_view(environ: Mapping[str, str], terminal: bool, view: str) -> None:
    """Nothing is drawn over where lines are kept, and groups are only where they fold."""
    errors = Terminal() if terminal else io.StringIO()
    made = view_for(environ, errors, io.StringIO(), json_asked=False)
    assert type(made).__name__ == view


@pytest.mark.parametrize(("environ", "json_asked"), [(HERE, False), ({}, False), ({}, True), (RUNNER, True)])
def test_progress_leaves_the_output_to_the_result(environ: Mapping[str, str], json_asked: bool) -> None:
    """It goes to stderr."""
    errors, output = io.StringIO(), io.StringIO()
    view_for(environ, errors, output, json_asked=json_asked)("waiting for bob")
    assert (errors.getvalue(), output.getvalue()) == ("waiting for bob\n", "")


def test_in_a_job_s_log_progress_and_verdict_are_one_stream() -> None:
    """The runner reads two streams in no order: the verdict could be folded into a group that has ended."""
    errors, output = io.StringIO(), io.StringIO()
    view_for(RUNNER, errors, output, json_asked=False)("waiting for bob")
    assert (errors.getvalue(), output.getvalue()) == ("", "waiting for bob\n")

import io
from pathlib import Path

import pytest

from promokit.errors import ConfigError
from promokit.github.runner import MOST_SUMMARY, Runner


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def runner(tmp_path: Path, log: io.StringIO) -> Runner:
    environ = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    return Runner(environ, stdout=log, delimiter=lambda: "END")


def test_outside_of_actions_there_is_no_runner() -> None:
    """GITHUB_ACTIONS=true is what GitHub promises inside."""
    assert Runner.from_environ({}) is None
    assert Runner.from_environ({"GITHUB_ACTIONS": "true"}) is not None


def test_outputs_are_appended(runner: Runner, tmp_path: Path) -> None:
    """With their line breaks as they are."""
    runner.output("digest", "sha256:0")
    runner.output("reason", "one\r\ntwo\n")
    written = (tmp_path / "output").read_bytes()
    assert written == b"digest<<END\nsha256:0\nEND\nreason<<END\none\r\ntwo\n\nEND\n"


def test_each_output_has_a_delimiter_of_its_own(tmp_path: Path) -> None:
    """One that foreign text can't guess."""
    runner = Runner({"GITHUB_OUTPUT": str(tmp_path / "output")})
    runner.output("a", "x")
    runner.output("a", "x")
    first, _, last, *_ = (tmp_path / "output").read_text().splitlines()
    assert first == f"a<<{last}"
    assert len(set((tmp_path / "output").read_text().splitlines())) == 5


def test_the_summary_is_appended_and_cut_before_the_runner_refuses_it(runner: Runner, tmp_path: Path) -> None:
    """More than a mebibyte would fail the step."""
    runner.summary("# One")
    runner.summary("ü" * MOST_SUMMARY)
    text = (tmp_path / "summary").read_text()
    assert text.startswith("# One\n\nü")
    assert text.rstrip().endswith("too long.")
    assert len(text.encode()) < 1024 * 1024


def test_annotations_are_escaped(runner: Runner, log: io.StringIO) -> None:
    """A message of several lines is one annotation, and a title can't add properties."""
    runner.error("the pods failed\n::add-mask::x", title="prod: a,b")
    runner.warning("50%")
    runner.notice("fine")
    assert log.getvalue().splitlines() == [
        "::error title=prod%3A a%2Cb::the pods failed%0A:\N{WORD JOINER}:add-mask::x",
        "::warning::50%25",
        "::notice::fine",
    ]


def test_a_group_ends_also_when_its_content_fails(runner: Runner, log: io.StringIO) -> None:
    """What comes after must not be folded away."""
    with pytest.raises(RuntimeError), runner.group("Roll\nout"):
        raise RuntimeError
    assert log.getvalue() == "::group::Roll%0Aout\n::endgroup::\n"


def test_a_secret_of_several_lines_is_masked_line_by_line(runner: Runner, log: io.StringIO) -> None:
    """The runner compares within lines; an empty line would mask everything."""
    runner.mask("one%\n\ntwo")
    assert log.getvalue() == "::add-mask::one%25\n::add-mask::two\n"


@pytest.mark.parametrize("path", ["", "/nonexistent/output"])
def test_a_runner_without_its_files_is_told(path: str) -> None:
    """Some runners have no summary; the error names the variable."""
    with pytest.raises(ConfigError, match="GITHUB_OUTPUT"):
        Runner({"GITHUB_OUTPUT": path}).output("a", "x")


def test_a_bad_output_name_is_a_bug_and_is_not_written(runner: Runner, tmp_path: Path) -> None:
    """Names are promokit's own."""
    with pytest.raises(ValueError, match="name of an output"):
        runner.output("a=b", "x")
    assert not (tmp_path / "output").exists()

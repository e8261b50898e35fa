import io
import re

from promokit.cli.github_view import MOST_ANNOTATIONS, GitHubView
from promokit.cli.plain_view import PlainView
from promokit.outcome import Outcome
from promokit.rollout.judgement import Verdict
from tests.cli.standing import HOSTILE, failed, standing, succeeded


def unfolded(log: str) -> list[str]:
    """Return what a reader of the log sees without opening a group; as the runner nests them, a group ends the last."""
    shown, inside = [], False
    for line in log.splitlines():
        if line.startswith("::group::"):
            inside = True
        elif line.startswith("::endgroup::"):
            inside = False
        elif not inside:
            shown.append(line)
    return shown


def test_steps_are_folded_and_the_end_is_not() -> None:
    """One group with the changes; then the sum of the workloads, open to be read."""
    log = io.StringIO()
    view = GitHubView(log)
    view("waiting for bob")
    for second in range(20):
        view.show(second, [standing(), standing("worker", updated=min(second, 3))])
    view.show(20, [succeeded(), succeeded("worker")])
    view.close()
    lines = log.getvalue().splitlines()
    assert lines[1] == "::group::Rollout of main-app/web, worker/web, step by step"
    assert lines[-2:] == ["::endgroup::", "  20.0s  2 workloads: 2 succeeded"]
    assert log.getvalue().count("::group::") == 1
    assert unfolded(log.getvalue()) == ["waiting for bob", lines[-1]]


def test_a_failure_is_one_annotation_with_its_cause_outside_of_the_group() -> None:
    """Pod, container, exit code and the cluster's words; its repeats make no second one."""
    log = io.StringIO()
    view = GitHubView(log)
    view.show(1, [standing()])
    for second in range(2, 9):
        view.show(second, [failed(message="no database")])
    assert unfolded(log.getvalue()) == [
        "::error title=main-app/web%3A crash-loop::main-app/web: failed: crash-loop  main-app-1/web (exit 3, 2 times)"
        " no database"
    ]


def test_no_more_annotations_than_github_shows() -> None:
    """The rest are lines; the verdict's own still has a place."""
    log = io.StringIO()
    GitHubView(log).show(1, [failed(f"app-{number}") for number in range(30)])
    assert log.getvalue().count("::error") == MOST_ANNOTATIONS
    assert len(unfolded(log.getvalue())) == 31


def test_an_inconclusive_end_is_told_outside_too() -> None:
    """Whatever isn't a success is never folded."""
    log = io.StringIO()
    GitHubView(log).show(1, [standing(verdict=Verdict(Outcome.INCONCLUSIVE, "paused", 1.0))])
    assert "paused" in unfolded(log.getvalue())[0]


def test_foreign_text_commands_neither_runner_nor_groups() -> None:
    """In a line of progress, in a sign that is under way, in a cause."""
    log = io.StringIO()
    view = GitHubView(log)
    view(HOSTILE)
    view.show(1, [standing(newest=HOSTILE)])
    view.show(2, [failed(message=HOSTILE)])
    view.close()
    commands = re.findall(r"(?m)^\s*::(\S+?)(?: .*)?::", log.getvalue())
    assert commands == ["group", "endgroup", "error"]
    assert "##[" not in log.getvalue()
    assert "\x1b" not in log.getvalue()


def test_a_log_that_is_gone_stops_nothing() -> None:
    """What is under way in the cluster is followed to its end."""
    log = io.StringIO()
    for view in (GitHubView(log), PlainView(log)):
        view.show(1, [standing()])
    log.close()
    for view in (GitHubView(log), PlainView(log)):
        view("text")
        view.show(2, [standing(), failed("worker")])
        view.close()


def test_elsewhere_lines_are_plain() -> None:
    """No groups, no annotations, no escapes."""
    log = io.StringIO()
    view = PlainView(log)
    view(HOSTILE)
    view.show(1, [standing(), failed("worker")])
    view.close()
    lines = log.getvalue().splitlines()
    assert lines[-1] == "   1.0s  2 workloads: 1 progressing, 1 failed"
    assert not [each for each in lines if each.startswith("::") or "\x1b" in each]

from promokit.cli.changes import Changes, one_line
from promokit.rollout.standing import Standing
from tests.cli.standing import HOSTILE, failed, standing, succeeded


def lines(changes: Changes, now: float, *standings: Standing) -> list[str]:
    return [each.line for each in changes.of(now, standings)]


def test_what_has_not_changed_is_not_told() -> None:
    """A look a second for a quarter of an hour is one line."""
    changes = Changes()
    told = [line for second in range(900) for line in lines(changes, second, standing())]
    assert told == ["   0.0s  main-app/web  1/3 updated, 3 available  progressing: waiting"]


def test_counts_that_run_are_told_every_five_seconds() -> None:
    """Fifty looks in ten seconds, each with other counts, are three lines."""
    changes = Changes()
    told = [lines(changes, look / 5, standing(wanted=60, updated=look)) for look in range(51)]
    assert [each[0][:8] for each in told if each] == ["   0.0s ", "   5.0s ", "  10.0s "]


def test_an_end_is_told_at_once_and_once() -> None:
    """However soon after the last line."""
    changes = Changes()
    lines(changes, 1.0, standing())
    assert len(lines(changes, 1.1, failed())) == 1
    assert lines(changes, 9.0, failed(message="Error again")) == []


def test_a_sign_that_another_pod_or_counter_repeats_is_not_news() -> None:
    """The cause is told once; what only its numbers differ in was told."""
    changes = Changes()
    assert lines(changes, 0, standing(newest="new-a/web (exit 1, 2 times) back-off 10s"))
    assert not lines(changes, 10, standing(newest="new-b/web (exit 1, 3 times) back-off 20s"))
    assert lines(changes, 20, standing(newest="new-b/web 0/3 nodes are available"))


def test_of_many_workloads_only_signs_and_ends_are_told() -> None:
    """200 workloads whose counts run for a minute are one line at the end of each, and the sum."""
    changes = Changes()
    told: list[str] = []
    for second in range(60):
        told += lines(changes, second, *(standing(f"app-{each}", updated=second) for each in range(200)))
    assert told == []
    told = lines(changes, 60, *(succeeded(f"app-{each}") for each in range(200)))
    assert len(told) == 201
    assert told[-1] == "  60.0s  200 workloads: 200 succeeded"


def test_the_way_back_is_told_anew() -> None:
    """Its time begins again, and so do its lines."""
    changes = Changes()
    lines(changes, 12, failed())
    assert lines(changes, 0, standing())
    assert lines(changes, 12, failed())


def test_foreign_text_is_one_short_line() -> None:
    """No command, no control, no flood."""
    line = one_line(HOSTILE + "x" * 10_000)
    assert line.isprintable() or set(filter(lambda each: not each.isprintable(), line)) == {"\N{WORD JOINER}"}
    assert len(line) < 520
    assert not line.startswith("::")
    assert "##[" not in line

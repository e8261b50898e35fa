import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.cli.cells import cells, clipped
from promokit.cli.frame import ASCII, bar, frame
from tests.cli.standing import HOSTILE, failed, standing, succeeded


def texts(*args: object, **settings: object) -> list[str]:
    return [each.text for each in frame(*args, **settings)]  # type: ignore[arg-type]


def test_a_line_tells_bar_numbers_time_and_newest_sign() -> None:
    """Everything of one workload in one line, where there is room."""
    (line,) = texts(31.0, [standing(newest="new-1/web (exit 3) Error")], 140, 10)
    told = ["main-app/web", "▒▒▒▒░", "1/3 updated", "3 ready", "3 available", "31s", "waiting", "(exit 3) Error"]
    assert [each for each in told if each not in line] == []


def test_the_bar_counts_old_pods_as_neither_made_nor_available() -> None:
    """The controller's own count of available pods holds those of before too."""
    assert bar(standing(updated=1, available=3, total=4), ASCII) == "====........"
    assert bar(standing(updated=2, available=3, total=4), ASCII) == "####====...."
    assert bar(standing(updated=3, available=3, total=3), ASCII) == "############"
    assert bar(standing(observed=False, updated=3, available=3, total=3), ASCII) == "............"
    assert bar(standing(wanted=0, updated=0, available=0, total=0), ASCII) == "############"


def test_a_small_terminal_shows_what_matters_and_counts_the_others() -> None:
    """Of 200 workloads the failed and the troubled have a line, in their order."""
    many = [succeeded(f"app-{number}") for number in range(200)]
    many[150], many[40], many[9] = failed("app-150"), standing("app-40", newest="x"), standing("app-9")
    lines = texts(20.0, many, 60, 5)
    assert [each.split("/")[0].split()[-1] for each in lines[:-1]] == ["app-0", "app-9", "app-40", "app-150"]
    assert lines[-1].strip() == "and 196 others: 196 succeeded"


@pytest.mark.parametrize("rows", [-1, 0, 1, 2, 22])
@pytest.mark.parametrize("columns", [1, 7, 20, 80, 300])
def test_the_picture_never_outgrows_the_terminal(columns: int, rows: int) -> None:
    """Neither by its lines nor by their length, however small it is."""
    made = [standing(f"service-{number}" * 3, newest=HOSTILE + "界" * 50) for number in range(30)]
    lines = texts(5.0, made, columns, rows)
    assert len(lines) <= max(rows, 1)
    assert all(cells(each) < columns for each in lines)


@given(st.text(max_size=80), st.integers(0, 40))
def test_a_cut_text_has_no_more_than_its_columns_and_no_control(text: str, columns: int) -> None:
    """Wide characters count twice; combining ones, of which terminals disagree, are left out."""
    cut = clipped(text, columns)
    assert cells(cut) <= columns
    assert all(each.isprintable() for each in cut)


def test_a_text_that_fits_is_whole_and_a_cut_one_is_marked() -> None:
    """Nobody takes a part for the whole."""
    assert clipped("main-app", 8) == "main-app"
    assert clipped("main-app/web", 8) == "main-ap…"
    assert clipped("界界界", 5) == "界界…"

from promokit.cli.cells import cells
from promokit.cli.tables import text_table


def test_a_column_stays_straight_below_a_wide_name() -> None:
    """Characters that take two columns of a terminal, or none, are counted as such."""
    lines = text_table(("name", "tag"), [("テスト", "1"), ("e\u0301te\u0301", "2"), ("plain", "3")]).splitlines()
    assert {cells(line.rstrip("123tag")) for line in lines} == {8}

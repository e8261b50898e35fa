"""The JSON Schema that ships for editors says what the reader says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promokit.config import parse
from promokit.config_schema import FILE, schema, schema_text
from promokit.errors import ConfigError

COMMITTED = Path(__file__).parents[1] / "promokit.yaml"


def test_the_file_is_what_the_types_say() -> None:
    """The shipped schema is made from the types; `python -m promokit.config_schema` writes it anew."""
    assert FILE.read_text(encoding="utf-8") == schema_text()


def test_the_committed_pipeline_is_valid() -> None:
    """The repository's own promokit.yaml satisfies the schema."""
    jsonschema.validate(yaml.safe_load(COMMITTED.read_text()), schema())


def guarded(**window: str) -> dict[str, Any]:
    """The committed pipeline with a freeze window in its first environment."""
    data: dict[str, Any] = yaml.safe_load(COMMITTED.read_text())
    data["environments"]["test"]["gates"] = {"freeze": window}
    return data


DAYS, TIMES = st.sampled_from(["Mon", "Wed", "Sun"]), st.sampled_from(["", " 00:00", " 09:30", " 19:59", " 23:00"])
DATES = st.dates().filter(lambda day: 1000 <= day.year < 9999).map(str)


def window(first: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(first, TIMES, first, TIMES).map(lambda it: f"{it[0]}{it[1]} to {it[2]}{it[3]}")


@given(st.one_of(st.tuples(st.just("weekly"), window(DAYS)), st.tuples(st.just("dates"), window(DATES))))
def test_every_freeze_window_that_the_reader_takes_is_valid(told: tuple[str, str]) -> None:
    """An editor marks none of them; what it can't know, the reader tells: a whole week, an end before the start."""
    data = guarded(**dict([told]))
    jsonschema.validate(data, schema())
    try:
        parse(yaml.safe_dump(data, sort_keys=False), COMMITTED)
    except ConfigError as error:
        assert "whole week" in error.what or "ends before it starts" in error.what  # noqa: PT017


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"zone": "UTC"},
        {"weekly": "Sat to Sun", "dates": "2026-12-24 to 2026-12-26"},
        {"weekly": "Saturday to Sunday"},
        {"weekly": "sat to sun"},
        {"weekly": "Sat-Sun"},
        {"weekly": "Sat to Sun "},
        {"weekly": "Sat 8:00 to Sun"},
        {"weekly": "Sat 24:00 to Sun"},
        {"weekly": "Sat 08:60 to Sun"},
        {"weekly": "Sat to Sun to Mon"},
        {"weekly": "2026-12-24 to 2026-12-26"},
        {"dates": "Sat to Sun"},
        {"dates": "2026-12-24"},
        {"dates": "24.12.2026 to 26.12.2026"},
        {"dates": "2026-13-24 to 2026-12-26"},
        {"dates": "2026-12-32 to 2027-12-26"},
        {"dates": "2026-12-00 to 2027-12-26"},
        {"dates": "2026-12-24T10:00 to 2026-12-26"},
        {"dates": "२०२६-12-24 to 2026-12-26"},
    ],
)
def test_a_freeze_window_of_another_form_is_marked_and_refused(wrong: dict[str, str]) -> None:
    """An editor marks it before the reader refuses it."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(guarded(**wrong), schema())
    with pytest.raises(ConfigError):
        parse(yaml.safe_dump(guarded(**wrong), sort_keys=False), COMMITTED)


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"image": {"repository": 3, "branch": "master"}},
        {"environments": {"test": {"namespace": "n"}}},
        {"environments": {"test": {"namespace": "n", "workloads": ["no-container"]}}},
        {"environments": {"test": {"namespace": "n", "workloads": ["a/b"], "timeout": "soon"}}},
        {"environments": {"test": {"namespace": "n", "workloads": ["a/b"], "migration": {"job": "j", "when": "now"}}}},
        {"environments": {"test": {"namespace": "n", "workloads": ["a/b"], "auto-rollback": "yes"}}},
    ],
)
def test_schema_and_reader_refuse_the_same(change: dict[str, Any]) -> None:
    """What the schema marks in an editor, the reader refuses too."""
    wrong = {**yaml.safe_load(COMMITTED.read_text()), **change}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema())
    with pytest.raises(ConfigError):
        parse(yaml.safe_dump(wrong, sort_keys=False), COMMITTED)

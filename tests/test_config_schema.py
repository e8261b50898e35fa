"""The JSON Schema that ships for editors says what the reader says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

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
        parse(yaml.safe_dump(wrong), COMMITTED)

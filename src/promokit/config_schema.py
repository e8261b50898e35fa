"""The JSON Schema of promokit.yaml, made from the types that read it, for editors."""

from __future__ import annotations

import json
import types
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from promokit.config import PipelineFile
from promokit.config_errors import kebab
from promokit.freeze_windows import DATED, WEEKLY, FreezeWindow
from promokit.model import Workload

# What the types of the fields don't say.
_PATTERNS: dict[type, dict[str, str]] = {FreezeWindow: {"weekly": WEEKLY, "dates": DATED}}
_MORE: dict[type, dict[str, Any]] = {FreezeWindow: {"oneOf": [{"required": ["weekly"]}, {"required": ["dates"]}]}}
FILE = Path(__file__).parent / "promokit.schema.json"


def schema() -> dict[str, Any]:
    """Return the schema of the whole file."""
    made = _entry(PipelineFile)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "promokit.yaml", **made}


def schema_text() -> str:
    """Return the schema as the file that ships with promokit has it."""
    return json.dumps(schema(), indent=2) + "\n"


def _entry(entry: type) -> dict[str, Any]:
    attrs.resolve_types(entry)
    fields = attrs.fields(entry)
    required = [kebab(each.name) for each in fields if each.default is attrs.NOTHING]
    described: dict[str, Any] = {
        "type": "object",
        "description": (entry.__doc__ or "").partition("\n")[0],
        "properties": {kebab(each.name): _of(each.type) for each in fields},
        "additionalProperties": False,
    }
    described |= _MORE.get(entry, {})
    for name, pattern in _PATTERNS.get(entry, {}).items():
        described["properties"][name]["pattern"] = f"^{pattern}$"
    return {**described, "required": required} if required else described


def _of(kind: Any) -> dict[str, Any]:
    arguments = [each for each in get_args(kind) if each is not type(None)]
    if get_origin(kind) in {Union, types.UnionType}:
        return _of(arguments[0])
    if get_origin(kind) is Literal:
        return {"enum": arguments}
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": _of(arguments[1]), "minProperties": 1}
    if get_origin(kind) is tuple:
        items = _of(arguments[0])
        return {"anyOf": [items, {"type": "array", "items": items, "minItems": 1}]}
    return _entry(kind) if attrs.has(kind) and kind is not Workload else _simple(kind)


def _simple(kind: type) -> dict[str, Any]:
    if kind is timedelta:
        return {"anyOf": [{"type": "string", "pattern": r"^(\d+(ms|s|m|h|d))+$"}, {"const": 0}, {"const": "0"}]}
    if kind is Workload:
        return {
            "type": "string",
            "pattern": "^((deployment|statefulset|daemonset)/)?[^/]+/[^/]+$",
            "description": "deployment/container, or statefulset/name/container, daemonset/name/container",
        }
    if kind is int:
        return {"type": "integer", "minimum": 1}
    return {"type": "boolean" if kind is bool else "string"}


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")

"""OpenAPI 3.0's schemas as JSON Schema: nullable is a type there, and unknown members count here."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

# What GitHub answers though its description doesn't say so.
_UNDESCRIBED = {
    "environment": {"can_admins_bypass": {"type": "boolean"}},
    "validation-error": {"status": {"type": "string"}},
}
_PREFIX = "#/components/schemas/"
_EXAMPLES = {"example", "examples"}


def validator(schema: dict[str, Any], description: dict[str, Any]) -> Callable[[Any], list[str]]:
    """A check of bodies: what is wrong with one: a type, an absent member, an undescribed one."""
    root = {**_json_schema(schema), "components": {"schemas": _reachable(schema, description)}}
    made = Draft202012Validator(root, format_checker=_formats)

    def complaints(body: Any) -> list[str]:
        return [f"{error.json_path}: {error.message[:300]}" for error in made.iter_errors(body)]

    return complaints


def _reachable(schema: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    """Every named schema that this one leads to."""
    every = description["components"]["schemas"]
    found: dict[str, Any] = {}
    waiting = _names(schema)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _json_schema(_completed(name, every[name]))
            waiting |= _names(every[name])
    return found


def _completed(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    extra = _UNDESCRIBED.get(name)
    return {**schema, "properties": {**schema["properties"], **extra}} if extra else schema


def _names(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(_names, schema))
    if not isinstance(schema, dict):
        return set()
    reference = schema.get("$ref")
    own = {reference.removeprefix(_PREFIX)} if isinstance(reference, str) else set()
    return own.union(*map(_names, schema.values()))


def _json_schema(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_json_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _json_schema(value) for name, value in schema.items() if name not in {"example", "examples"}}
    if isinstance(schema.get("properties"), dict) and "allOf" not in schema:
        found.setdefault("additionalProperties", False)
    nullable = found.pop("nullable", False)
    return {"anyOf": [found, {"type": "null"}]} if nullable is True else found


def _is_time(text: object) -> bool:
    return not isinstance(text, str) or (text.endswith("Z") and bool(datetime.fromisoformat(text)))


def _is_uri(text: object) -> bool:
    return not isinstance(text, str) or bool(urlsplit(text).scheme)


_formats = FormatChecker(formats=())
_formats.checks("date-time", raises=ValueError)(_is_time)
_formats.checks("uri", raises=ValueError)(_is_uri)

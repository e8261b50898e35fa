"""Label and field selectors as an API server applies them: terms with = and !=, all of which have to hold."""

from __future__ import annotations

from typing import Any

from tests.cluster.api_server import Json


def selected(body: Json, query: dict[str, str]) -> bool:
    labels = body["metadata"].get("labels", {})
    return all(_holds(each, labels.get) for each in _terms(query, "labelSelector")) and all(
        _holds(each, lambda path: _field(body, path)) for each in _terms(query, "fieldSelector")
    )


def _terms(query: dict[str, str], name: str) -> list[str]:
    return [each for each in query.get(name, "").split(",") if each]


def _holds(term: str, value_of: Any) -> bool:
    if "!=" in term:
        name, unwanted = term.split("!=")
        return bool(value_of(name) != unwanted)
    name, wanted = term.split("=")
    return bool(value_of(name) == wanted)


def _field(body: Json, path: str) -> Any:
    found: Any = body
    for part in path.split("."):
        found = found.get(part, {})
    return found

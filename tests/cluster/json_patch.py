"""JSON patch (RFC 6902) as an API server applies it: a `test` of null passes for what isn't there."""

from __future__ import annotations

import copy
from typing import Any

from tests.cluster.api_server import Answer, Json


def patched(document: Json, operations: list[Json]) -> Json:
    """Return the patched document; 422 when a test fails or a path isn't there."""
    new = copy.deepcopy(document)
    for each in operations:
        _apply(new, each)
    return new


def _apply(document: Any, operation: Json) -> None:
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    for part in parents:
        document = document[int(part)] if isinstance(document, list) else document.get(part)
        if document is None:
            raise Answer(422, f"the server rejected our request: missing path {operation['path']}")
    key: Any = int(last) if isinstance(document, list) else last
    now = document[key] if isinstance(document, list) else document.get(key)
    if operation["op"] == "test":
        if now != operation["value"]:
            raise Answer(422, f"the server rejected our request: testing value {operation['path']} failed")
    elif operation["op"] == "replace" and now is None:
        raise Answer(422, f"the server rejected our request: missing key {operation['path']}")
    else:
        document[key] = operation["value"]

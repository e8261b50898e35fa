"""Where each key of a YAML text stands."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

Path = tuple[str | int, ...]
MOST_PLACES = 100_000
"""More than any pipeline has: a few aliases of aliases stand for millions of places."""


def lines_of(text: str) -> dict[Path, int]:
    """Map each path of keys and indexes to its line, counted from 1. A key given twice is a YAML error."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    places: dict[Path, int] = {}
    for path, line in _walk(root, ()) if root is not None else ():
        if len(places) == MOST_PLACES:
            raise yaml.MarkedYAMLError(problem="there are too many keys, or aliases of aliases")
        places[path] = line
    return places


def _walk(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        yield from _walk_mapping(node, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*path, index))


def _walk_mapping(node: yaml.MappingNode, path: Path) -> Iterator[tuple[Path, int]]:
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            raise yaml.MarkedYAMLError(problem=f"the key '{key.value}' stands twice", problem_mark=key.start_mark)
        seen.add(key.value)
        for inner, line in _walk(value, (*path, key.value)):
            yield inner, key.start_mark.line + 1 if inner == (*path, key.value) else line

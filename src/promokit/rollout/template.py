"""A whole pod template, for a rollback that brings back more than the image. Pure."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]
_LISTS = ("containers", "initContainers")


def with_images(template: Json, images: Mapping[str, str]) -> Json:
    """Return the template with these containers' images."""
    made = copy.deepcopy(template)
    for each in made["spec"]["containers"]:
        each["image"] = images.get(each["name"], each.get("image", ""))
    return made


def differences(now: Json, then: Json) -> tuple[str, ...]:
    """Return the names of what differs between two pod templates: fields, never values. The images are left out."""
    return tuple(dict.fromkeys(_different(now, then)))


def _different(now: Json, then: Json) -> Iterator[str]:
    one, other = now.get("metadata") or {}, then.get("metadata") or {}
    yield from (key for key in ("labels", "annotations") if (one.get(key) or {}) != (other.get(key) or {}))
    one, other = now.get("spec") or {}, then.get("spec") or {}
    yield from (key for key in _keys(one, other) if key not in _LISTS and one.get(key) != other.get(key))
    for part in _LISTS:
        before, after = _named(one.get(part)), _named(other.get(part))
        for name in _keys(before, after):
            yield from _in_container(name, before.get(name), after.get(name))


def _in_container(name: str, now: Json | None, then: Json | None) -> Iterator[str]:
    if now is None or then is None:
        yield f"container {name}"
        return
    yield from (f"{name}: {key}" for key in _keys(now, then) if key != "image" and now.get(key) != then.get(key))


def _named(containers: list[Json] | None) -> dict[str, Json]:
    return {each["name"]: each for each in containers or ()}


def _keys(one: Json, other: Json) -> list[str]:
    return sorted({*one, *other})

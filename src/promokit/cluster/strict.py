"""Reading objects that come from a file instead of an API server: what doesn't fit is a clear error."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import attrs

from promokit.cluster.objects import Object
from promokit.cluster.parse import Json, parse_object
from promokit.errors import ConfigError

KINDS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Pod", "Event", "Job")


def parse_strictly(data: object, where: str) -> Object:
    """Return an object as a small type. ConfigError names the kind and the field that is missing or of a wrong type."""
    if not isinstance(data, dict):
        raise ConfigError("this is no Kubernetes object", where=where, remedy=_REMEDY)
    kind = data.get("kind")
    if kind not in KINDS:
        raise ConfigError(f"an object of kind {kind!r} says nothing of a rollout", where=where, remedy=_REMEDY)
    try:
        seen = parse_object(data)
    except KeyError as error:
        raise ConfigError(f"a {kind} without {error.args[0]}", where=where, remedy=_REMEDY) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"a {kind} that isn't formed as one", where=where, remedy=_REMEDY) from error
    assert seen is not None  # noqa: S101 - its kind is known
    if wrong := _wrong_field(seen):
        raise ConfigError(f"a {kind} whose {wrong} is of a wrong type", where=where, remedy=_REMEDY)
    return seen


def uid_of(data: Json, where: str) -> str:
    """Return the UID of an object of which perhaps nothing else is told. ConfigError if it has none."""
    meta = data.get("metadata") if isinstance(data, dict) else None
    uid = meta.get("uid") if isinstance(meta, dict) else None
    if not isinstance(uid, str) or not uid:
        raise ConfigError("an object without metadata.uid", where=where, remedy=_REMEDY)
    return uid


def _wrong_field(seen: Any) -> str:
    """Return the first field whose value isn't of the type that it was declared with; empty text if all are."""
    hints: Mapping[str, Any] = _hints(type(seen))  # type: ignore[arg-type]  # a type is hashable
    return next((name for name, hint in hints.items() if not _fits(getattr(seen, name), hint)), "")


@cache
def _hints(kind: type[Any]) -> Mapping[str, Any]:
    hints = typing.get_type_hints(kind)
    return {each.name: hints[each.name] for each in attrs.fields(kind)}


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return any(_fits(value, each) for each in inner)
    if origin in {tuple, dict}:
        return isinstance(value, origin) and _all_fit(value, inner)
    if origin is typing.Literal:
        return value in inner
    if isinstance(value, bool | datetime):  # True isn't a number, and a time without zone can't be compared
        return type(value) is hint and getattr(value, "tzinfo", True) is not None
    return isinstance(value, hint) and not (attrs.has(hint) and _wrong_field(value))


def _all_fit(values: tuple[Any, ...] | dict[Any, Any], inner: tuple[Any, ...]) -> bool:
    if isinstance(values, tuple):
        return all(_fits(each, inner[0]) for each in values)
    return all(_fits(key, inner[0]) and _fits(value, inner[1]) for key, value in values.items())


_REMEDY = f"keep to {', '.join(KINDS)} as the API server gives them"

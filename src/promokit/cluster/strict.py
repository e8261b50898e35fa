"""Reading objects that come from a file instead of an API server: what doesn't fit is a clear error."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import attrs

from promokit.cluster.objects import Object
from promokit.cluster.parse import Json, parse_object
from promokit.errors import ConfigError

Fits = Callable[[Any], bool]
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
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
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
    fields = _fields(type(seen))  # type: ignore[arg-type]  # a type is hashable
    return next((name for name, fits in fields if not fits(getattr(seen, name))), "")


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, Fits], ...]:
    hints = typing.get_type_hints(kind)
    return tuple((each.name, _fitting(hints[each.name])) for each in attrs.fields(kind))


def _fitting(hint: Any) -> Fits:
    """Return what says whether a value is of a type: asked of each value, so what the hint says is looked up once."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        any_of = tuple(map(_fitting, inner))
        return lambda value: any(fits(value) for fits in any_of)
    if origin is tuple:
        each = _fitting(inner[0])
        return lambda value: isinstance(value, tuple) and all(map(each, value))
    if origin is dict:
        key, item = map(_fitting, inner)
        return lambda value: isinstance(value, dict) and all(map(key, value)) and all(map(item, value.values()))
    if origin is typing.Literal:
        return lambda value: value in inner
    if attrs.has(hint):
        return lambda value: isinstance(value, hint) and not _wrong_field(value)
    return lambda value: _is_plain(value, hint)


def _is_plain(value: Any, hint: Any) -> bool:
    if isinstance(value, bool | datetime):  # True isn't a number, and a time without zone can't be compared
        return type(value) is hint and getattr(value, "tzinfo", True) is not None
    return isinstance(value, hint)


_REMEDY = f"keep to {', '.join(KINDS)} as the API server gives them"

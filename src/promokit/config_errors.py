"""What is wrong in promokit.yaml, in words, with the line it stands on."""

from __future__ import annotations

import difflib
import pathlib
from collections.abc import Iterable, Mapping
from typing import get_args

import attrs
import cattrs

from promokit.config_lines import Path
from promokit.errors import ConfigError
from promokit.model import Migration


class AtPath(Exception):
    """A mistake that was found in what stands at a path of keys and indexes."""

    def __init__(self, cause: ConfigError, path: Path) -> None:
        self.cause, self.path = cause, path


def located(error: Exception, file: pathlib.Path, lines: Mapping[Path, int]) -> ConfigError:
    """Return the error in words, with its line, of an AtPath or of what cattrs raised."""
    cause, path = (error.cause, error.path) if isinstance(error, AtPath) else _innermost(error)
    path = path[:-1] if isinstance(cause, KeyError) else path
    what, key, remedy = _told(cause)
    whole = (*path, key) if key else path
    while whole and whole not in lines:
        whole = whole[:-1]
    dotted = ".".join(str(each) for each in path)
    return ConfigError(f"{dotted}: {what}" if dotted else what, where=f"{file}:{lines.get(whole, 1)}", remedy=remedy)


def meant(word: str, known: Iterable[str]) -> str:
    """Ask whether a known word was meant that looks like this one; empty text if none does."""
    alike = difflib.get_close_matches(word, list(known), 1)
    return f": did you mean '{alike[0]}'?" if alike else ""


def kebab(name: str) -> str:
    """Return the key in the file of an attribute: `stable_for` is `stable-for`, `from_` is `from`."""
    return name.rstrip("_").replace("_", "-")


def _innermost(error: BaseException, path: Path = ()) -> tuple[BaseException, Path]:
    """Follow cattrs' groups to the first cause, collecting the keys on the way."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, cattrs.AttributeValidationNote):
            path = (*path, kebab(note.name))
        elif isinstance(note, cattrs.IterableValidationNote):
            path = (*path, note.index)
    if isinstance(error, BaseExceptionGroup):
        typo = (each for each in error.exceptions if isinstance(each, cattrs.ForbiddenExtraKeysError))
        return _innermost(next(typo, error.exceptions[0]), path)  # the key that is missing may be the one mistyped
    return error, path


def _told(error: BaseException) -> tuple[str, str | None, str]:
    """Say what is wrong in words: (what, the key it is about, remedy)."""
    remedy = "see the JSON Schema that ships with promokit for what may stand here"
    if isinstance(error, ConfigError):
        return error.what, None, error.remedy or remedy
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        key = sorted(map(str, error.extra_fields))[0]
        known = [kebab(each.name) for each in attrs.fields(error.cl)]
        return f"unknown key '{key}'{meant(key, known)}", key, f"use one of: {', '.join(known)}"
    if isinstance(error, KeyError):
        return f"'{error.args[0]}' is missing", None, "add it"
    if isinstance(error, AttributeError | TypeError):
        return "expected keys and values here", None, remedy
    if "not in literal" in str(error):
        return f"must be one of: {', '.join(get_args(attrs.fields(Migration).when.type))}", None, remedy
    return "wrong value", None, remedy

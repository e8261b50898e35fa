"""Reading promokit.yaml, strictly: an unknown key or a wrong type is an error that names the line."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import attrs
import cattrs
import yaml
from cattrs.gen import make_dict_structure_fn, override

from promokit.config_lines import lines_of
from promokit.durations import parse_duration
from promokit.errors import ConfigError
from promokit.freeze_windows import FreezeWindow
from promokit.model import (
    ApprovalsGate,
    CiGate,
    Cluster,
    Environment,
    Gates,
    ImageSettings,
    Migration,
    Notify,
    Pipeline,
    Slack,
    Workload,
)

_LARGEST = 1_000_000
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_STABLE_FIRST = timedelta(seconds=10)
_STABLE_LATER = timedelta(seconds=30)


@attrs.frozen
class EnvironmentEntry:
    """An environment as the file says it, before it is tied to the one it is promoted from."""

    namespace: str
    workloads: tuple[Workload, ...]
    cluster: Cluster = Cluster()
    from_: str | None = None
    migration: Migration | None = None
    gates: Gates = Gates()
    also_from: tuple[str, ...] = ()
    stable_for: timedelta | None = None
    timeout: timedelta = timedelta(minutes=15)
    blind_for: timedelta = timedelta(seconds=60)
    crashes: int = 2
    auto_rollback: bool | None = None


@attrs.frozen
class PipelineFile:
    """The whole file as it is written."""

    image: ImageSettings
    environments: dict[str, EnvironmentEntry]
    notify: Notify = Notify()


# Inner ones first: cattrs binds the hooks of the fields when a class's own hook is made.
ENTRIES = (
    *(Cluster, CiGate, ApprovalsGate, FreezeWindow, Gates, Migration, ImageSettings, Slack, Notify),
    *(EnvironmentEntry, PipelineFile),
)


def load(path: str | Path = "promokit.yaml") -> Pipeline:
    """Read a pipeline; ConfigError names the file and line of what is wrong, and the remedy."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(
            f"cannot read {file}: {reason}",
            remedy="run where promokit.yaml is, or name it with --config",
        ) from error
    return parse(text, file)


def parse(text: str, file: Path) -> Pipeline:
    """Read a pipeline from text; `file` is named in errors, and Job templates are found beside it."""
    if len(text) > _LARGEST:
        raise ConfigError("this is too large for a pipeline", where=str(file), remedy="name the right file")
    try:
        data = yaml.safe_load(text)
        lines = lines_of(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # no such date; a key inside itself
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise ConfigError(f"not YAML: {problem}", where=where, remedy="mend the syntax") from error
    try:
        entries = _converter().structure(data, PipelineFile)
        return _tied(entries, file)
    except _AtPath as error:
        raise _located(error.cause, error.path, file, lines) from None
    except Exception as error:  # noqa: BLE001 - cattrs raises what it met, in groups
        cause, path = _innermost(error)
        raise _located(cause, path, file, lines) from None


def kebab(name: str) -> str:
    """Return the key in the file of an attribute: `stable_for` is `stable-for`, `from_` is `from`."""
    return name.rstrip("_").replace("_", "-")


class _AtPath(Exception):
    def __init__(self, cause: ConfigError, path: tuple[str | int, ...]) -> None:
        self.cause, self.path = cause, path


@functools.cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (str, bool, int):
        converter.register_structure_hook(kind, _strictly(kind))
    converter.register_structure_hook(timedelta, lambda value, _: parse_duration(value))
    converter.register_structure_hook(Path, lambda value, _: Path(_text(value)))
    converter.register_structure_hook(Workload, lambda value, _: Workload.parse(_text(value)))
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], lambda value, _: _texts(value))
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[Workload, ...],
        lambda value, _: tuple(Workload.parse(each) for each in _texts(value)),
    )
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[FreezeWindow, ...],
        lambda value, _: tuple(
            converter.structure([value] if isinstance(value, Mapping) else value, list[FreezeWindow])
        ),
    )
    for entry in ENTRIES:
        converter.register_structure_hook(entry, _entry_hook(entry, converter))
    return converter


def _entry_hook(entry: type, converter: cattrs.Converter) -> Any:
    attrs.resolve_types(entry)
    renames = {each.name: override(rename=kebab(each.name)) for each in attrs.fields(entry)}
    structure: Any = make_dict_structure_fn(entry, converter, _cattrs_forbid_extra_keys=True, **renames)  # type: ignore[arg-type]

    def hook(value: object, kind: type) -> object:
        if not isinstance(value, Mapping):
            raise ConfigError(f"expected keys and values here, not {_shown(value)}")
        return structure(value, kind)

    return hook


def _strictly(kind: type) -> Any:
    def check(value: object, _: type) -> object:
        if type(value) is not kind:
            names = {"str": "text", "bool": "true or false", "int": "a whole number"}
            raise ConfigError(f"expected {names[kind.__name__]}, not {_shown(value)}")
        return value

    return check


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"expected text, not {_shown(value)}")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not value:
        raise ConfigError(f"expected a list of texts, not {_shown(value)}")
    return tuple(_text(each) for each in value)


def _shown(value: object) -> str:
    return "nothing" if value is None else f"{value!r:.60}"


def _tied(entries: PipelineFile, file: Path) -> Pipeline:
    """Give each environment its source; a source must stand above it, so that circles can't be written."""
    done: dict[str, Environment] = {}
    if not entries.environments:
        raise _AtPath(ConfigError("no environment is described"), ("environments",))
    for name, entry in entries.environments.items():
        if entry.from_ is not None and entry.from_ not in done:
            what = f"'{entry.from_}' is not an environment described above '{name}'"
            remedy = "describe it, above: environments stand in the order of promotion"
            raise _AtPath(ConfigError(what, remedy=remedy), ("environments", name, "from"))
        if problem := _impossible(entry, entries.environments.values()):
            raise _AtPath(ConfigError(problem), ("environments", name))
        done[name] = _environment(name, entry, entries.image, done, file.parent)
    return Pipeline(entries.image, done, entries.notify)


def _impossible(entry: EnvironmentEntry, all_entries: Iterable[EnvironmentEntry]) -> str:
    """Say what can't be meant, though each value is of its type; empty text if nothing."""
    same = [each for each in all_entries if (each.cluster, each.namespace) == (entry.cluster, entry.namespace)]
    approvals = entry.gates.approvals.environments if entry.gates.approvals else ()
    problems = {
        "another environment has the same cluster and namespace": len(same) > 1,
        "a workload is listed twice": len(set(entry.workloads)) < len(entry.workloads),
        "there is no workload": not entry.workloads,
        "an approval's environment is listed twice": len(set(approvals)) < len(approvals),
        "a cluster is either eks or context": bool(entry.cluster.eks and entry.cluster.context),
        "the namespace isn't a name (lower case, digits, dashes)": not _NAME.fullmatch(entry.namespace),
        "timeout can't be 0": not entry.timeout,
        "crashes must be 1 or more": entry.crashes < 1,
    }
    return next((told for told, wrong in problems.items() if wrong), "")


def _environment(
    name: str, entry: EnvironmentEntry, image: ImageSettings, above: Mapping[str, Environment], root: Path
) -> Environment:
    source = above[entry.from_] if entry.from_ else None
    migration = entry.migration
    return Environment(
        name=name,
        namespace=entry.namespace,
        workloads=entry.workloads,
        cluster=entry.cluster,
        image=image,
        source=source,
        migration=attrs.evolve(migration, job=root / migration.job) if migration else None,
        gates=entry.gates,
        also_from=entry.also_from,
        stable_for=entry.stable_for if entry.stable_for is not None else (_STABLE_LATER if source else _STABLE_FIRST),
        timeout=entry.timeout,
        blind_for=entry.blind_for,
        crashes=entry.crashes,
        auto_rollback=entry.auto_rollback if entry.auto_rollback is not None else source is not None,
    )


def _innermost(error: BaseException, path: tuple[str | int, ...] = ()) -> tuple[BaseException, tuple[str | int, ...]]:
    """Follow cattrs' groups to the first cause, collecting the keys on the way."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, cattrs.AttributeValidationNote):
            path = (*path, kebab(note.name))
        elif isinstance(note, cattrs.IterableValidationNote):
            path = (*path, note.index)
    if isinstance(error, BaseExceptionGroup):
        return _innermost(error.exceptions[0], path)
    return error, path


def _located(
    error: BaseException, path: tuple[str | int, ...], file: Path, lines: Mapping[tuple[str | int, ...], int]
) -> ConfigError:
    what, key, remedy = _told(error)
    path = path[:-1] if isinstance(error, KeyError) else path
    whole = (*path, key) if key else path
    while whole and whole not in lines:
        whole = whole[:-1]
    dotted = ".".join(str(each) for each in path)
    return ConfigError(f"{dotted}: {what}" if dotted else what, where=f"{file}:{lines.get(whole, 1)}", remedy=remedy)


def _told(error: BaseException) -> tuple[str, str | None, str]:
    """Say what is wrong in words: (what, the key it is about, remedy)."""
    remedy = "see the JSON Schema that ships with promokit for what may stand here"
    if isinstance(error, ConfigError):
        return error.what, None, error.remedy or remedy
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        key = sorted(map(str, error.extra_fields))[0]
        known = ", ".join(kebab(each.name) for each in attrs.fields(error.cl))
        return f"unknown key '{key}'", key, f"use one of: {known}"
    if isinstance(error, KeyError):
        return f"'{error.args[0]}' is missing", None, "add it"
    if isinstance(error, AttributeError | TypeError):
        return "expected keys and values here", None, remedy
    if "not in literal" in str(error):
        return f"must be one of: {', '.join(get_args(attrs.fields(Migration).when.type))}", None, remedy
    return "wrong value", None, remedy

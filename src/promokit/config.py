"""Reading promokit.yaml, strictly: an unknown key or a wrong type is an error that names the line."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import attrs
import cattrs
import yaml
from cattrs.gen import make_dict_structure_fn, override

from promokit.config_errors import AtPath, kebab, located, meant
from promokit.config_lines import lines_of
from promokit.durations import parse_duration
from promokit.errors import ConfigError
from promokit.freeze_windows import FreezeWindow
from promokit.image import parse_repository
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
    is_label,
)

_LARGEST = 1_000_000
_NAME = re.compile(r"\w([-.\w]{0,61}\w)?")
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
        with file.open(encoding="utf-8") as opened:
            text = opened.read(_LARGEST + 1)
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
    except Exception as error:  # noqa: BLE001 - cattrs raises what it met, in groups
        raise located(error, file, lines) from None


@functools.cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (bool, int):
        converter.register_structure_hook(kind, _strictly(kind))
    converter.register_structure_hook(str, lambda value, _: _text(value))
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
            names = {"bool": "true or false", "int": "a whole number"}
            raise ConfigError(f"expected {names[kind.__name__]}, not {_shown(value)}")
        return value

    return check


def _text(value: object) -> str:
    if not isinstance(value, str):
        plain = isinstance(value, bool | int | float | date)
        raise ConfigError(f"expected text, not {_shown(value)}", remedy="put it in quotes" if plain else None)
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
        raise AtPath(ConfigError("no environment is described"), ("environments",))
    _checked(parse_repository, entries.image.repository, ("image", "repository"))
    for name, entry in entries.environments.items():
        if not _NAME.fullmatch(name):
            problem = "this can't be an environment's name (letters, digits, dashes, dots)"
            raise AtPath(ConfigError(problem), ("environments", name))
        if entry.from_ is not None and entry.from_ not in done:
            raise AtPath(_no_source(name, entry.from_, entries.environments, done), ("environments", name, "from"))
        for at, other in enumerate(entry.also_from):
            _checked(parse_repository, other, ("environments", name, "also-from", at))
        if problem := _impossible(entry, entries.environments.values()):
            raise AtPath(ConfigError(problem), ("environments", name))
        done[name] = _environment(name, entry, entries.image, done, file.parent)
    return Pipeline(entries.image, done, entries.notify)


def _checked(parse: Callable[[str], object], text: str, path: tuple[str | int, ...]) -> None:
    """Let a text be read; what it can't be read for is told with its path."""
    try:
        parse(text)
    except ConfigError as error:
        raise AtPath(error, path) from None


def _no_source(name: str, source: str, known: Iterable[str], above: Iterable[str]) -> ConfigError:
    """Say why an environment can't be promoted from that one."""
    if source == name:
        return ConfigError(
            "an environment can't be promoted from itself", remedy="name the one before it, or leave it out"
        )
    if source in known:
        remedy = f"move '{source}' above '{name}': environments stand in the order of promotion"
        return ConfigError(f"'{source}' stands below '{name}'", remedy=remedy)
    there = f"use one of those above: {', '.join(above)}" if above else "leave it out: no environment stands above"
    return ConfigError(f"there is no environment '{source}'{meant(source, known)}", remedy=there)


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
        "the namespace isn't a name (lower case, digits, dashes)": not is_label(entry.namespace),
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

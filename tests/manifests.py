"""The committed manifests as Python objects, and how strictly Kubernetes' own types read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from kubernetes.client import models

ROOT = Path(__file__).parent.parent
ENVIRONMENTS = ("test", "sandbox", "prod")

Document = dict[str, Any]

_TYPES = {
    "v1": "V1",
    "apps/v1": "V1",
    "batch/v1": "V1",
    "autoscaling/v2": "V2",
    "rbac.authorization.k8s.io/v1": "V1",
}


def folder(environment: str) -> Path:
    """The folder of an environment's manifests."""
    return ROOT / f"k8s-manifests-{environment}"


@cache
def documents(environment: str) -> list[Document]:
    """Every object of an environment's folder, in the order in which kubectl applies them."""
    return [
        document
        for path in sorted(folder(environment).iterdir())
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


def named(environment: str, kind: str, name: str) -> Document:
    """The one object of this kind and name; KeyError where there is none or more."""
    found = [d for d in documents(environment) if (d["kind"], d["metadata"]["name"]) == (kind, name)]
    if len(found) != 1:
        raise KeyError(f"{len(found)} objects {kind}/{name} in {folder(environment)}")
    return found[0]


def mistakes(document: Document) -> list[str]:
    """What the Kubernetes API's types don't know or don't take in a document: unknown fields, wrong types."""
    return list(_check(document, _TYPES[document["apiVersion"]] + document["kind"], document["kind"]))


def _check(value: Any, kind: str, where: str) -> Iterator[str]:
    if inner := re.fullmatch(r"[Ll]ist\[(.+)\]", kind):
        yield from _check_list(value, inner[1], where)
    elif inner := re.fullmatch(r"[Dd]ict[(\[]str, (.+)[)\]]", kind):
        yield from _check_map(value, inner[1], where)
    elif model := getattr(models, kind, None):
        yield from _check_object(value, model, where)
    elif not isinstance(value, _PLAIN[kind]) or (isinstance(value, bool) and kind != "bool"):
        yield f"{where}: {value!r} is no {kind}"


_PLAIN: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "bool": bool, "object": (str, int)}


def _check_list(value: Any, kind: str, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: not a list"
        return
    for index, item in enumerate(value):
        yield from _check(item, kind, f"{where}[{index}]")


def _check_map(value: Any, kind: str, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: not a map"
        return
    for key, item in value.items():
        yield from _check(item, kind, f"{where}.{key}")


def _check_object(value: Any, model: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: not an object"
        return
    fields = {wire: model.openapi_types[name] for name, wire in model.attribute_map.items()}
    for key, item in value.items():
        if key in fields:
            yield from _check(item, fields[key], f"{where}.{key}")
        else:
            yield f"{where}: no field {key}"

"""What is written in a Lease: its holder, when it was renewed, and the epoch. Others may write anything. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

NAME = "promokit"
EPOCH = "promokit/epoch"
_LONGEST = 18


@frozen
class Seen:
    """The Lease as it was read; `data` is None where there is none. `holder` is empty where nobody holds it."""

    holder: str
    epoch: int
    sign: tuple[str, str]
    data: Mapping[str, Any] | None

    def renewed(self, at: str) -> dict[str, Any]:
        """Return the Lease with another time of renewal."""
        return self._with(renewTime=at)

    def released(self) -> dict[str, Any]:
        """Return the Lease without a holder."""
        return self._with(holderIdentity="")

    def _with(self, **spec: str) -> dict[str, Any]:
        data = self.data or {}
        return {**data, "spec": {**_mapping(data.get("spec")), **spec}}


def seen(data: Mapping[str, Any] | None) -> Seen:
    """Read a Lease; what isn't as promokit writes it is read as not being there."""
    told = data or {}
    spec = _mapping(told.get("spec"))
    holder = str(spec.get("holderIdentity") or "")
    annotations = _mapping(_mapping(told.get("metadata")).get("annotations"))
    return Seen(holder, number(annotations.get(EPOCH)), (holder, str(spec.get("renewTime"))), data)


def taken_by(holder: str, found: Seen, epoch: int, namespace: str, at: str, seconds: float) -> dict[str, Any]:
    """Return the Lease as its new holder writes it, or the same one again."""
    data = found.data or {}
    spec = {**_mapping(data.get("spec")), "holderIdentity": holder, "leaseDurationSeconds": seconds, "renewTime": at}
    if found.holder != holder:
        spec["acquireTime"] = at
        spec["leaseTransitions"] = number(spec.get("leaseTransitions")) + 1
    meta = {"name": NAME, "namespace": namespace, **_mapping(data.get("metadata"))}
    meta["annotations"] = {**_mapping(meta.get("annotations")), EPOCH: str(epoch)}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec}


def number(value: object) -> int:
    """Return a number that we may have written; 0 for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST else 0


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

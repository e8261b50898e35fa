"""Writing a ConfigMap that others write too: compare-and-set, again and again until nobody came in between."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from promokit.cluster.namespace import Namespace
from promokit.cluster.transport import Away, Busy, Conflict, Forbidden, Json, NotFound
from promokit.errors import PromokitError, Unreachable, VerificationFailed

T = TypeVar("T")
_TRIES = 60
_LONGEST_PAUSE = 10
_PAUSES = (0.5, 1.0, 2.0)


def written_among_others(namespace: Namespace, what: str, name: str, write: Callable[[], T]) -> T:
    """Return what `write` does: it reads, and writes by the resourceVersion that it read, so it is asked again after
    a Conflict, and for some seconds while the server is away or busy. `what` is written in ConfigMap `name`.
    Errors: Unreachable, at once where it isn't allowed: that would be the answer again.
    """
    outages = list(_PAUSES)
    for attempt in range(1, _TRIES + 1):
        try:
            return write()
        except Conflict:
            pause = random.uniform(0.02, 0.1) * min(attempt, _LONGEST_PAUSE)  # noqa: S311 - spreads writers, guards nothing
            time.sleep(pause)
        except (Away, Busy):
            if not outages or time.monotonic() + outages[0] > namespace.transport.until:
                raise
            time.sleep(outages.pop(0))
        except VerificationFailed:
            raise
        except PromokitError as error:
            raise Unreachable(
                f"{what} can't be written: {error.what}",
                where=f"ConfigMap {name} in {namespace.name}",
                remedy=_remedy(error, name),
            ) from error
    raise Unreachable(f"{what} is written by too many at once", where=namespace.name, remedy="run this again")


def put_config_map(namespace: Namespace, name: str, there: Json | None, data: dict[str, str]) -> Json:
    """Write what a ConfigMap holds and return it, by the version at which it was read (None: it wasn't there).

    Its labels, annotations and owners are those of whoever put them there.
    """
    kept = {key: value for key, value in (there or {}).get("metadata", {}).items() if key in _KEPT}
    metadata = {"name": name, "namespace": namespace.name, **kept}
    body: Json = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    return namespace.create("configmaps", body) if there is None else namespace.replace("configmaps", name, body)


_KEPT = ("resourceVersion", "labels", "annotations", "ownerReferences", "finalizers")


def _remedy(error: PromokitError, name: str) -> str:
    """What isn't found is the namespace: an object of ours is made where it is missing."""
    if isinstance(error, NotFound):
        return "apply the manifests first"
    if isinstance(error, Forbidden):
        return "allow this role to write it: see rbac.yaml beside the manifests"
    if "immutable" in error.what:
        return f"make {name} anew without `immutable`, with all that it holds, as DEPLOY.md says"
    return error.remedy or "see what the API server names there"

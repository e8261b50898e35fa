"""What arrives by a stream. A pure type."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from promokit.cluster.objects import Object
from promokit.errors import PromokitError

Json = dict[str, Any]


@frozen
class Arrival:
    """A change of a resource (its type as the watch tells it, or LISTING, LISTED and RESUMED), or the error that
    ended sight of it until the next LISTED or RESUMED.

    `raw` is the object as the server sent it, where that was asked for.
    """

    resource: str
    type: str = ""
    seen: Object | None = None
    raw: Json | None = None
    error: PromokitError | None = None

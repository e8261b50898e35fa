"""The nodes of a cluster, which lie outside any namespace."""

from __future__ import annotations

import json

from promokit.cluster.transport import Transport
from promokit.errors import Unreachable

PAGE = 500


def node_platforms(transport: Transport) -> tuple[str, ...]:
    """Return the platforms of the nodes (`linux/amd64`), sorted. Forbidden when they may not be read, else Unreachable.

    Needs to list nodes, which the roles of a namespace don't have.
    """
    found: set[str] = set()
    query = {"limit": str(PAGE)}
    while True:
        try:
            page = json.loads(transport.request("GET", "/api/v1/nodes", query=query).data)
            infos = [each["status"]["nodeInfo"] for each in page["items"]]
            found |= {f"{each['operatingSystem']}/{each['architecture']}" for each in infos}
            query["continue"] = page["metadata"].get("continue") or ""
        except (ValueError, KeyError, TypeError) as error:
            raise Unreachable("what answered is not a list of nodes", remedy="check the cluster's endpoint") from error
        if not query["continue"]:
            return tuple(sorted(found))

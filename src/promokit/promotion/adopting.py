"""Taking over what somebody changed by hand: from then on the ledger says that it runs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from attrs import frozen

from promokit.cluster.identity import own_name
from promokit.errors import ConfigError
from promokit.ledger.record import entry, recorded
from promokit.ledger.store import append, read_book
from promokit.model import Environment
from promokit.promotion.clients import Clients
from promokit.promotion.operation import interrupted, under_lease
from promokit.promotion.record import listed

LEASE_WAIT_SECONDS = 60.0
"""Long enough to outlast the lease of a run that died."""


@frozen
class Adoption:
    """What was taken over: each workload's image, and those that the ledger said; `head` is the ledger's after it."""

    images: Mapping[str, str]
    recorded: Mapping[str, tuple[str, ...]]
    head: str = ""


def adopt(
    environment: Environment,
    *,
    reason: str,
    clients: Clients | None = None,
    progress: Callable[[str], None] = lambda text: None,
    confirm: Callable[[Adoption], None] = lambda adoption: None,
    wait: float = LEASE_WAIT_SECONDS,
) -> Adoption:
    """Record that what the workloads are set to now is what shall run there, under the lease. Changes no workload.

    `confirm` sees it first and may raise. Errors: ConfigError where a workload is missing, Refused while another
    operation is under way, Unreachable when the ledger can't be written.
    """
    clients = clients or Clients()
    namespace, context = clients.namespace(environment), clients.context
    if not reason.strip():
        raise ConfigError("adopting needs a reason", remedy="say with --reason why it was changed by hand")
    confirm(_found(environment, clients))
    with under_lease(clients, environment, wait=wait, progress=progress) as lease:
        found = _found(environment, clients)
        identity = own_name(namespace.transport)
        facts = {"images": dict(found.images), "reason": reason, "actor": context.actor, "identity": identity}
        note = entry("noted", "adopt", f"adopt-{secrets.token_hex(6)}", datetime.now(UTC), run=context.run_url, **facts)
        book = append(namespace, lambda before: [*interrupted(before), note])
        lease.release()
    return Adoption(found.images, found.recorded, listed(namespace, book).head)


def _found(environment: Environment, clients: Clients) -> Adoption:
    namespace = clients.namespace(environment)
    there = namespace.controllers(environment.workloads)
    for each in environment.workloads:
        if each not in there or each.container not in there[each].images:
            raise ConfigError(f"there is no {each} in namespace {namespace.name}", remedy="apply the manifests first")
    images = {str(each): there[each].images[each.container] for each in environment.workloads}
    return Adoption(images, recorded(read_book(namespace).lines))

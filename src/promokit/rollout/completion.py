"""When a controller's own counts say that its rollout is complete, and what is missing until then. Pure."""

from __future__ import annotations

from promokit.cluster.objects import Controller


def complete(controller: Controller) -> bool:
    """Return kubectl's rule: observed, all updated, none old, all available (polymorphichelpers/rollout_status.go).

    Of a StatefulSet, the pods below `partition` keep the old template; without one, the new revision must have been
    taken over as the current one.
    """
    taken_over = bool(controller.partition) or controller.current_revision == controller.update_revision
    return (
        controller.observed_generation >= controller.generation
        and taken_over
        and controller.updated >= wanted_new(controller)
        and controller.total == controller.wanted
        and controller.available == controller.wanted
    )


def wanted_new(controller: Controller) -> int:
    """Return how many pods of the newest template are wanted."""
    return max(controller.wanted - controller.partition, 0)


def keeps_all(controller: Controller) -> bool:
    """Say whether a StatefulSet's partition keeps every pod at the template that it has."""
    return 0 < controller.wanted <= controller.partition


def all_replaced(controller: Controller) -> bool:
    """Say whether all pods that are to be of the newest template are there, and none that are to go."""
    return controller.updated >= wanted_new(controller) and _old(controller) <= 0


def makes_room(controller: Controller, placed: int) -> bool:
    """Say whether a Deployment's old pods are still to make room for new ones, of which so many have a node.

    Old ones go while more are available than must be (deployment/rolling.go); each of those that have a node may be one
    more. The new ones are asked for first, and the old ones taken down a moment later.
    """
    old, must_be = _old(controller), controller.wanted - controller.max_unavailable
    if controller.kind != "Deployment" or old <= 0:
        return False
    on_their_way = bool(placed) and controller.available < old + placed
    return controller.available > must_be or (on_their_way and old + placed > must_be)


def missing(controller: Controller) -> str:
    """Say what is there of what is wanted."""
    counts = {"updated": controller.updated, "ready": controller.ready, "available": controller.available}
    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    old = _old(controller)
    return f"{controller.wanted} wanted: {told}" + (f", {old} old still there" if old > 0 else "")


def _old(controller: Controller) -> int:
    """Return how many pods of an older template are still to go; those below a partition stay."""
    return controller.total - controller.updated - min(controller.partition, controller.wanted)

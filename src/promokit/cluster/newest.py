"""Which pods of a StatefulSet or DaemonSet are of its newest template. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from promokit.cluster.objects import Controller, Pod


def of_newest(controller: Controller, pods: Iterable[Pod]) -> Callable[[Pod], bool]:
    """Return what says whether a pod of a StatefulSet or DaemonSet is of its newest template; `pods` are all it has.

    The DaemonSet controller takes a pod for updated by its number or by its hash (daemon/util: IsPodUpdated): after a
    rollback those that were never replaced keep the number of before. Where none has the newest number, all may be such
    ones; the newest template isn't that of the number just before.
    """
    revision = controller.revision or (_highest(pods) if controller.updated else "")
    if controller.kind != "DaemonSet":
        return lambda pod: pod.revision == revision != ""
    hashes = _hashes(pods, revision)
    if not hashes and revision.isdecimal() and _all_updated(controller):
        hashes = {each.template for each in pods} - _hashes(pods, str(int(revision) - 1))
    hashes.discard("")
    return lambda pod: pod.template in hashes or pod.revision == revision != ""


def _hashes(pods: Iterable[Pod], number: str) -> set[str]:
    return {each.template for each in pods if each.revision == number}


def _all_updated(controller: Controller) -> bool:
    return (
        controller.observed_generation >= controller.generation
        and controller.updated >= max(controller.wanted, controller.total) > 0
    )


def _highest(pods: Iterable[Pod]) -> str:
    """Return the number of the newest pods of a DaemonSet that was told without annotations."""
    return max((each.revision for each in pods if each.revision.isdecimal()), key=int, default="")

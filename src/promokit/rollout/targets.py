"""Which workloads a recording's change made, found from the pod templates that it shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve, frozen

from promokit.cluster.objects import Controller
from promokit.model import Workload
from promokit.rollout.completion import all_replaced
from promokit.rollout.policy import Policy
from promokit.rollout.timeline import Line

SAME_CHANGE_SECONDS = 5.0
"""How far apart the workloads of one change may be: each has a patch of its own."""

SAME_PATCH_SECONDS = 1.0
"""How far apart the patches of one workload's containers may be, and our own patch from the change."""


def targets(
    lines: Iterable[Line], policy: Policy, *, sure: bool = False
) -> tuple[dict[Workload, Policy], dict[Workload, Policy]]:
    """Find the workloads whose pod template the change made, each with the policy by which only that is ours.

    The second are those that it left as they were: where it made none, they had the image already. `sure`: only what
    was seen to be new is ours, not what was under way at first sight.
    """
    changes: dict[Workload, _Change] = {}
    before: dict[Workload, Controller] = {}
    for line in lines:
        if not isinstance(line.seen, Controller):
            continue
        workload = workload_of(line.seen)
        change = _change(before.get(workload), line)
        known = changes.get(workload)
        if change is not None and (known is None or known.gives_way_to(change)):
            changes[workload] = change
        before[workload] = line.seen
    ours = _made_together({name: each for name, each in changes.items() if each.is_sure or not sure})
    rest = {each: _ours(found, policy) for each, found in before.items() if each not in ours}
    return {each: _ours(made, policy) for each, made in ours.items()}, rest


def workload_of(controller: Controller) -> Workload:
    """Return a controller as a workload; of several containers the first."""
    return Workload(controller.name, next(iter(controller.images), ""), controller.kind)


@frozen
class _Change:
    """A pod template that may be ours: when it was first seen, and instead of what.

    One that was under way at first sight, and known to its controller, may be of before our change.
    """

    t: float
    made: Controller
    instead_of: Controller | None

    @property
    def is_sure(self) -> bool:
        """Whether this template was seen to be new."""
        return self.instead_of is not None or self.made.observed_generation < self.made.generation

    def gives_way_to(self, later: _Change) -> bool:
        """Whether the later one is ours instead: this was of before, or it goes on with another container's image."""
        if not self.is_sure:
            return later.t <= (SAME_CHANGE_SECONDS if self.t <= 0 else SAME_PATCH_SECONDS)
        return later.t <= self.t + SAME_PATCH_SECONDS and self._goes_on_in(later.made)

    def _goes_on_in(self, later: Controller) -> bool:
        if self.instead_of is None or self.made.uid != later.uid:
            return False
        changed = self.made.images.items() - self.instead_of.images.items()
        return bool(changed) and changed <= later.images.items() and later.images != self.made.images


def _change(before: Controller | None, line: Line) -> _Change | None:
    """Return a template other than the one before, or one first seen after the change that isn't settled yet."""
    seen = line.seen
    assert isinstance(seen, Controller)  # noqa: S101 - the caller has looked
    if line.t < 0:
        return None
    if before is None:
        return (
            None if seen.observed_generation >= seen.generation and all_replaced(seen) else _Change(line.t, seen, None)
        )
    return _Change(line.t, seen, before) if before.template != seen.template or before.uid != seen.uid else None


def _made_together(changes: Mapping[Workload, _Change]) -> dict[Workload, Controller]:
    """Return what was made by one change: what was under way at 0 is of before, if another was seen made."""
    sure = any(each.is_sure for each in changes.values())
    found = {name: each for name, each in changes.items() if each.is_sure or each.t > 0 or not sure}
    first = min((each.t for each in found.values()), default=0.0)
    return {name: each.made for name, each in found.items() if each.t <= first + SAME_CHANGE_SECONDS}


def _ours(made: Controller, policy: Policy) -> Policy:
    return evolve(policy, generation=made.generation, template=made.template, uid=made.uid)

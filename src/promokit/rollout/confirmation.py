"""Whether the API server confirms a success: a watch whose connection has died shows nothing for up to 30 s."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define

from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Controller
from promokit.cluster.patience import PAUSES
from promokit.errors import PromokitError, Unreachable
from promokit.model import Workload
from promokit.rollout.snapshot import Snapshot

FEW = 5
_BEHIND = "the API server shows another state than its watches"


@define
class Confirmation:
    """Reads the controllers once a success was seen, and confirms it once the watches have come as far as the answer.

    A pod that lost its readiness meanwhile has changed its controller's status, so a success that still stands then
    is one. A server in trouble is asked again after a pause that grows, or the one that it asks for.
    """

    namespace: Namespace
    _answer: dict[Workload, Controller | None] | None = None
    _trouble: PromokitError | None = None
    _failures: int = 0
    _ask_at: float = 0.0

    def start_over(self) -> None:
        """What was seen isn't a success, or no more: what is seen later needs an answer of its own."""
        self._answer, self._trouble, self._failures, self._ask_at = None, None, 0, 0.0

    def doubt(self, workloads: Sequence[Workload], snapshot: Snapshot, now: float) -> PromokitError | None:
        """Return why the success of these isn't confirmed at second `now`; None: it is."""
        if self._answer is None and now >= self._ask_at:
            self._ask(workloads, now)
        if self._answer is None:
            return self._trouble
        reached = all(_reached(snapshot.controller(each), fresh) for each, fresh in self._answer.items())
        return None if reached else Unreachable(_BEHIND)

    def _ask(self, workloads: Sequence[Workload], now: float) -> None:
        try:
            self._answer = self._read(workloads)
        except PromokitError as error:
            self._failures += 1
            self._trouble, self._ask_at = error, now + PAUSES.after(self._failures, error)

    def _read(self, workloads: Sequence[Workload]) -> dict[Workload, Controller | None]:
        """Read each workload's controller; many by one list: 200 answers, one after another, take a second."""
        if len(workloads) <= FEW:
            return {each: self.namespace.controller(each) for each in workloads}
        found = self.namespace.controllers(workloads)
        return {each: found.get(each) for each in workloads}


def _reached(seen: Controller | None, fresh: Controller | None) -> bool:
    """Whether what was seen of an object is as new as the answer.

    Versions of one resource are numbers that grow (kubernetes.io/docs/reference/using-api/api-concepts, "Resource
    versions"); where a server's are no numbers, equal ones are the same.
    """
    if seen is None or fresh is None or seen.uid != fresh.uid:
        return False
    if seen.version.isdecimal() and fresh.version.isdecimal():
        return int(seen.version) >= int(fresh.version)
    return seen.version == fresh.version

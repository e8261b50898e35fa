"""How a workload's rollout stands, for people to follow: numbers, verdict so far, newest sign. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from attrs import evolve, frozen

from promokit.model import Workload
from promokit.outcome import Outcome
from promokit.rollout.assessment import Assessment
from promokit.rollout.judgement import Evidence, Judgement, Verdict, decided, evidence_of
from promokit.rollout.snapshot import Snapshot


@frozen
class Standing:
    """One workload at a moment: pods wanted, of the newest template, Ready, available; its verdict so far.

    `observed` is False until the controller has seen the change: the numbers are still those of before.
    `newest` is the newest sign of trouble in one line, empty where there is none.
    `total` counts the pods of before too.
    """

    workload: Workload
    verdict: Verdict
    observed: bool = False
    wanted: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    newest: str = ""
    total: int = 0


def new_available(standing: Standing) -> int:
    """Return how many pods of the newest template are available at least: the controller counts old ones too."""
    old = max(standing.total - standing.updated, 0)
    return max(min(standing.available - old, standing.updated), 0)


def missing(standing: Standing) -> int:
    """Return how many available pods of the newest template are wanted still; all, until the change was observed."""
    return max(standing.wanted - (new_available(standing) if standing.observed else 0), 0)


def standings(snapshot: Snapshot, assessment: Assessment) -> list[Standing]:
    """Return how each workload stands."""
    return [_standing(snapshot, workload, judgement) for workload, judgement in assessment.judgements.items()]


def ended(standings: Iterable[Standing]) -> bool:
    """Return whether the rollout is over as these stand."""
    return decided(each.verdict for each in standings)


def told(standing: Standing) -> str:
    """Say how a workload's rollout stands in one line."""
    verdict = standing.verdict
    counts = (
        f"{standing.updated}/{standing.wanted} updated, {standing.available} available" if standing.observed else ""
    )
    words = f"{verdict.outcome}: {verdict.reason}" if verdict.reason != verdict.outcome else verdict.reason
    return "  ".join(filter(None, (str(standing.workload), counts, words, standing.newest)))


def evidence_line(evidence: Evidence) -> str:
    """Say what a verdict rests on in one line: pod, container, exit code, the cluster's words."""
    where = "/".join(filter(None, (evidence.pod, evidence.container)))
    code = f"exit {evidence.exit_code}" if evidence.exit_code is not None else ""
    times = f"{evidence.count} times" if evidence.count > 1 else ""
    facts = ", ".join(filter(None, (code, times)))
    return " ".join(filter(None, (where, f"({facts})" if facts else "", evidence.message))).strip()


def _standing(snapshot: Snapshot, workload: Workload, judgement: Judgement) -> Standing:
    verdict, newest = judgement.verdict, _newest(judgement)
    controller = snapshot.controller(workload)
    if controller is None:
        return Standing(workload, verdict, newest=newest)
    return Standing(
        workload,
        verdict,
        controller.observed_generation >= controller.generation,
        controller.wanted,
        controller.updated,
        controller.ready,
        controller.available,
        newest,
        controller.total,
    )


def _newest(judgement: Judgement) -> str:
    verdict = judgement.verdict
    if verdict.outcome in {Outcome.FAILED, Outcome.TIMED_OUT} and verdict.evidence:
        return evidence_line(verdict.evidence[0])
    if not judgement.signs:
        return ""
    return evidence_line(evidence_of(judgement.signs[-1]))


class View(Protocol):
    """Progress that can show standings by itself, such as a live view; as plain progress it takes lines of text."""

    def __call__(self, text: str, /) -> None:
        """Take a line of text."""

    def show(self, now: float, standings: Sequence[Standing]) -> None:
        """Take how the workloads stand at second `now`; called after each look, whether or not something changed."""


def shown_by(progress: Callable[[str], None]) -> Callable[[float, Sequence[Standing]], None]:
    """Return what shows standings: the view's own way, or a line of text for each change."""
    show = getattr(progress, "show", None)
    return show if callable(show) else Lines(progress).show


class Kept:
    """Keeps how the workloads stood at the last look, each final verdict with the second at which it first fell."""

    def __init__(self, show: Callable[[float, Sequence[Standing]], None]) -> None:
        self._show = show
        self.standings: tuple[Standing, ...] = ()

    def show(self, now: float, standings: Sequence[Standing]) -> None:
        """Take how they stand and hand it on."""
        before = {each.workload: each.verdict for each in self.standings}
        self.standings = tuple(_since(each, before.get(each.workload)) for each in standings)
        self._show(now, self.standings)


def _since(standing: Standing, before: Verdict | None) -> Standing:
    verdict = standing.verdict
    if before is None or not verdict.final or (before.outcome, before.reason) != (verdict.outcome, verdict.reason):
        return standing
    return evolve(standing, verdict=evolve(verdict, t=before.t))


class Lines:
    """Tells each workload's standing in a line, once, when it has changed."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._said: dict[Workload, str] = {}

    def show(self, now: float, standings: Sequence[Standing]) -> None:
        """Tell what has changed since the last time."""
        for standing in standings:
            line = told(standing)
            if self._said.get(standing.workload) != line:
                self._said[standing.workload] = line
                self._progress(f"{now:6.1f}s  {line}")

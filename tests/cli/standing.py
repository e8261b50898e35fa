"""Standings for the views' tests: a call says only what the test is about."""

from __future__ import annotations

from typing import Any

from promokit.model import Workload
from promokit.outcome import Outcome
from promokit.rollout.judgement import Evidence, Verdict
from promokit.rollout.standing import Standing

HOSTILE = "\x1b[2J\r::error::owned\n::endgroup::\n##[group]x\n```\n</details> | @team <script>\u202e"


def standing(name: str = "main-app", verdict: Verdict | None = None, **changes: Any) -> Standing:
    """A workload of three with one new pod made, none available of it, unless told otherwise."""
    numbers: dict[str, Any] = {"wanted": 3, "updated": 1, "ready": 3, "available": 3, "total": 4, **changes}
    going = Verdict(Outcome.PROGRESSING, "waiting")
    return Standing(Workload(name, "web"), verdict or going, observed=numbers.pop("observed", True), **numbers)


def succeeded(name: str = "main-app", t: float = 12.0) -> Standing:
    verdict = Verdict(Outcome.SUCCEEDED, "complete", t, workload=f"{name}/web")
    return standing(name, verdict, updated=3, total=3)


def failed(name: str = "main-app", t: float = 12.0, message: str = "Error", **changes: Any) -> Standing:
    evidence = Evidence(f"{name}/web", f"{name}-1", "web", 3, message, 2, "state terminated", **changes)
    verdict = Verdict(Outcome.FAILED, "crash-loop", t, (evidence,), f"{name}/web")
    return standing(name, verdict, newest=f"{name}-1/web (exit 3, 2 times) {message}")

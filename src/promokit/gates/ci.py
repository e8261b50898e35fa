"""ci: every workflow named in the configuration has succeeded for the image's commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from promokit.gates.answer import Answer, allowed, refused, unknown
from promokit.gates.facts import Facts, Unknown
from promokit.github.types import Run

NAME = "ci"


def judge(facts: Facts) -> Answer | None:
    """Judge the newest run of each workflow; None where no workflow is asked for."""
    if facts.environment.gates.ci is None:
        return None
    answers = [_judged(name, runs, facts) for name, runs in facts.ci.items()]
    for word in ("refused", "unknown"):
        if found := [each for each in answers if each.word == word]:
            return found[0]
    return allowed(NAME, "; ".join(each.sentence for each in answers))


def counting(runs: Iterable[Run], revision: str, branch: str | None, own: int | None) -> tuple[Run, ...]:
    """Return the runs that count: on push of this commit, on this branch (None: on any), and not our own.

    GitHub was asked for these alone, but a server that doesn't know a filter leaves it out and answers with all.
    """
    return tuple(
        each
        for each in runs
        if each.sha == revision and each.event == "push" and branch in {None, each.branch} and each.id != own
    )


def under_way(runs: Sequence[Run]) -> bool:
    """Say whether the newest run hasn't ended yet: it may be waited for."""
    return bool(runs) and newest(runs).status != "completed"


def newest(runs: Sequence[Run]) -> Run:
    """Return the newest run, its newest attempt."""
    return max(runs, key=lambda each: (each.number, each.attempt))


def _judged(name: str, runs: tuple[Run, ...] | Unknown, facts: Facts) -> Answer:
    if isinstance(runs, Unknown):
        return unknown(NAME, f"{name}: {runs.why}", runs.remedy)
    branch = facts.environment.settings().branch if facts.environment.source else None
    found, commit = counting(runs, facts.revision, branch, facts.run_id), facts.revision[:10]
    if not found:
        where = f" on {branch}" if branch else ""
        return refused(NAME, f"{name} has no run for commit {commit}{where}", f"let {name} run for it on push")
    run = newest(found)
    if run.status != "completed":
        return refused(NAME, f"{name} is still {run.status} for {commit}", "wait for it, then start again", run=run.url)
    if run.conclusion is None:
        return unknown(NAME, f"GitHub doesn't tell how {name} ended for {commit}", "start again", run=run.url)
    if run.conclusion != "success":
        return refused(NAME, f"{name} ended with {run.conclusion} for {commit}", "mend it and merge again", run=run.url)
    return allowed(NAME, f"{name} succeeded for {commit}", run=run.url)

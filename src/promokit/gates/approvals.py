"""approvals: N environments, approved by N different people, none of them who asked for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from promokit.gates.answer import Answer, allowed, refused, unknown
from promokit.gates.facts import Approvals, Facts, Unknown
from promokit.github.types import Account, EnvironmentSettings, Run

NAME = "approvals"
_MAKE = "make it, with required reviewers; if it is there, the token may not see it: give it `actions: read`"
_AGAIN = "start a new promotion"
# A plan is good for 24 h and is made at the start of its run. It says itself when that was; GitHub says when the run
# began, and nobody who passes a plan on can say otherwise. The hour is for runners and CI that were waited for.
_OLDEST = timedelta(hours=25)


def judge(facts: Facts) -> Answer | None:
    """Judge the reviews of this run; None where no approvals are asked for. Before apply, missing ones are awaited."""
    wanted = facts.environment.gates.approvals
    if wanted is None:
        return None
    found = facts.approvals
    if found is None:
        return unknown(NAME, "this isn't a GitHub run: nobody could approve it", "promote by promote-prod.yaml")
    if isinstance(found, Unknown):
        return unknown(NAME, found.why, found.remedy)
    rules: tuple[Callable[[], Answer | None], ...] = (
        lambda: _run(found.run, facts),
        lambda: _settings(found, wanted.environments, facts),
        lambda: _rejected(found, wanted.environments),
    )
    for rule in rules:
        if answer := rule():
            return answer
    return _approved(found, wanted.environments, final=facts.final)


def _run(run: Run, facts: Facts) -> Answer | None:
    branch = facts.environment.settings().branch
    if run.attempt != 1:
        return refused(NAME, f"this is attempt {run.attempt}: approvals of an earlier one would count", _AGAIN)
    if facts.now - run.created_at > _OLDEST:
        return refused(NAME, f"this run began at {run.created_at:%Y-%m-%d %H:%M} UTC: its plan has expired", _AGAIN)
    if run.branch is None or run.triggering_actor is None:
        untold = "branch" if run.branch is None else "triggering actor"
        return unknown(NAME, f"GitHub doesn't tell this run's {untold}", _AGAIN)
    if run.branch != branch or facts.ref != f"refs/heads/{branch}":
        return refused(NAME, f"this run is of {facts.ref or run.branch}, not of {branch}", f"run it from {branch}")
    return None


def _settings(found: Approvals, wanted: tuple[str, ...], facts: Facts) -> Answer | None:
    for name in wanted:
        settings = found.settings.get(name)
        if settings is None:
            return refused(NAME, f"GitHub has no environment {name}", _MAKE)
        if answer := _protected(name, settings, found.branches.get(name, ()), facts.environment.settings().branch):
            return answer
    return None


def _protected(name: str, settings: EnvironmentSettings, branches: tuple[str, ...], branch: str) -> Answer | None:
    """What isn't told is unknown; each missing protection names the setting to make."""
    if not (settings.required_reviewers and settings.reviewers):
        return refused(NAME, f"environment {name} has no required reviewers", "set required reviewers there")
    switches = (
        (settings.prevent_self_review, True, "prevent self-review"),
        (settings.admins_can_bypass, False, "don't allow administrators to bypass"),
    )
    for value, good, setting in switches:
        if value is None:
            return _untold(name, setting)
        if value is not good:
            return refused(NAME, f"environment {name} lacks a protection: {setting}", f"set it in {name}: {setting}")
    if settings.custom_branch_policies is None:
        return _untold(name, "deployment branches")
    if settings.custom_branch_policies and branches == (branch,):
        return None
    open_to = ", ".join(branches) if settings.custom_branch_policies else "any or all protected branches"
    return refused(NAME, f"environment {name} is open to {open_to}", f"restrict its deployment branches to {branch}")


def _untold(name: str, setting: str) -> Answer:
    remedy = "check whether this GitHub is one that tells it; until it is told, nothing is promoted here"
    return unknown(NAME, f"GitHub doesn't tell environment {name}'s setting: {setting}", remedy)


def _rejected(found: Approvals, wanted: tuple[str, ...]) -> Answer | None:
    for review in found.reviews:
        if review.state == "rejected" and set(review.environments) & set(wanted):
            return refused(NAME, f"{review.user.login} rejected it", _AGAIN)
    return None


def _approved(found: Approvals, wanted: tuple[str, ...], *, final: bool) -> Answer:
    """Match each environment with a person of its own (at most a handful: the plain search is enough)."""
    people = {name: _approvers(found, name) for name in wanted}
    chosen = _distinct(list(wanted), people)
    if chosen is not None:
        told = ", ".join(f"{name} by {person.login}" for name, person in chosen.items())
        return allowed(NAME, f"approved: {told}", approvers=[person.login for person in chosen.values()])
    missing = [name for name in wanted if not people[name]] or list(wanted)
    sentence = f"{len(wanted)} approvals by different people, not by who started it; missing: {', '.join(missing)}"
    if final:
        return refused(NAME, sentence, "have somebody else approve, in a new promotion")
    return allowed(NAME, f"waits for {sentence}", waiting=True)


def _approvers(found: Approvals, name: str) -> list[Account]:
    """Return the people who approved an environment and may: a login can be given up and taken, an id can't."""
    barred = {each.id for each in (found.run.actor, found.run.triggering_actor) if each is not None}
    approved = {
        each.user.id: each.user
        for each in found.reviews
        if each.state == "approved" and name in each.environments and each.user.kind == "User"
    }
    return sorted((each for each in approved.values() if each.id not in barred), key=lambda each: each.login)


def _distinct(
    names: list[str], people: dict[str, list[Account]], taken: frozenset[int] = frozenset()
) -> dict[str, Account] | None:
    if not names:
        return {}
    for person in people[names[0]]:
        if person.id in taken:
            continue
        rest = _distinct(names[1:], people, taken | {person.id})
        if rest is not None:
            return {names[0]: person, **rest}
    return None

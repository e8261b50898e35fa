"""A plan as people read it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from promokit.github.escape import plain_line
from promokit.image import tag_in
from promokit.promotion.plan import Plan

HEAD = ("gate", "answer", "why", "remedy")
MOST_FAILURES = 3
"""Of more failures of one digest, only the newest are told."""
MOST_COMMITS = 20
"""Of more commits, a terminal shows the newest that are known; a job summary has all that are."""
LONGEST_TITLE = 120
LONGEST_SENTENCE = 1000
_MOST_NAMES = 3
_MOST_IMAGES = 10


def heading(plan: Plan) -> str:
    """Say in one line what the plan would do and whether it may."""
    where = plan.environment.name
    if plan.nothing:
        return f"{where}: nothing to do ({plan.nothing})"
    source = plan.environment.source
    image = f"{plan.image.tag} {plan.image.digest}" if plan.image else "no proven image"
    way = f"{source.name} → {where}" if source else where
    return f"{plan.outcome.upper()}: {way}, {plan.previous_tag or 'nothing'} → {image}"


def plan_rows(plan: Plan) -> list[tuple[str, str, str, str]]:
    """Return a row a gate: name, answer, sentence, remedy; a sentence that is very long is cut."""
    return [
        (each.gate, "waiting" if each.waiting else each.word, _cut(each.sentence, LONGEST_SENTENCE), each.remedy)
        for each in plan.answers
    ]


def notes(plan: Plan) -> list[str]:
    """Return what no gate judges and whoever approves should know, a sentence each."""
    failed = [
        f"this digest failed here before, {each.at}: {each.kind} {each.outcome} ({each.reason})"
        + (f", {each.run}" if each.run else "")
        for each in plan.failed_before[:MOST_FAILURES]
    ]
    lost = plan.commits.behind
    commits = "a commit" if lost == 1 else f"{lost} commits"
    back = [f"this goes back: {commits} that {plan.environment.name} runs now would be gone"] if lost else []
    return back + failed


def facts(plan: Plan) -> Iterator[str]:
    """Yield what would be done, a line each: what runs before, the migration and its place, the plan and its end."""
    before: dict[str, list[str]] = {}
    for workload, image in plan.previous.items():
        before.setdefault(image, []).append(workload)
    for image, workloads in list(before.items())[:_MOST_IMAGES]:
        more = len(workloads) - _MOST_NAMES
        names = ", ".join(workloads[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        yield f"before: {_short(image)} ({names})"
    if len(before) > _MOST_IMAGES:
        yield f"before: {len(before) - _MOST_IMAGES} other images"
    yield "no migration" if plan.migrate == "none" else f"migration runs {plan.migrate} the rollout"
    yield f"plan {plan.hash[:12]}, ledger head {plan.head[:12]}, good until {plan.expires:%Y-%m-%d %H:%M} UTC"


def commit_titles(plan: Plan) -> list[str]:
    """Return the commits that come with it, oldest first, each in one line that isn't too long."""
    return [_cut(plain_line(each), LONGEST_TITLE) for each in plan.commits.titles]


def plan_text(plan: Plan) -> str:
    """Return the table that a terminal shows."""
    rows = plan_rows(plan)
    width = max((len(each[0]) for each in rows), default=0)
    lines = [heading(plan)]
    for gate, word, sentence, remedy in rows:
        lines.append(f"  {gate:<{width}}  {word:<8} {plain_line(sentence)}")
        if remedy:
            lines.append(f"  {'':<{width}}  {'':<8} remedy: {plain_line(remedy)}")
    lines += [f"  note: {plain_line(each)}" for each in notes(plan)]
    lines += [f"  {each}" for each in _commits(plan)]
    lines += [f"  {plain_line(each)}" for each in facts(plan)]
    return "\n".join([plain_line(lines[0]), *lines[1:]])


def _commits(plan: Plan) -> Iterator[str]:
    titles, count = commit_titles(plan), plan.commits.ahead
    if not titles:
        return
    yield f"commits: {count}" + (f", {plain_line(plan.commits.url)}" if plan.commits.url else "")
    if len(titles) > MOST_COMMITS:
        yield f"  {len(titles) - MOST_COMMITS} older ones"
    yield from (f"  {each}" for each in titles[-MOST_COMMITS:])
    if count > len(titles):
        yield f"  {count - len(titles)} newer ones"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest] + "…"


def _short(image: str) -> str:
    digest = image.partition("@")[2]
    told = tag_in(image) or image.partition("@")[0]
    return f"{told} {digest[:19]}".strip() or "nothing"

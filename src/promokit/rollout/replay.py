"""Replaying a recording: the same fold and the same rules as live, the clock taken from the lines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import define, evolve, field, frozen

from promokit.rollout.assessment import Assessment
from promokit.rollout.look import NEVER, Sign
from promokit.rollout.snapshot import Snapshot
from promokit.rollout.timeline import Line

SHORTEST_STEP = 0.001
Assess = Callable[[Snapshot, float], Assessment]


@frozen
class Noted:
    """A rule that fired or nearly did: what it saw, since when, when it would be a failure, and whether it became one.

    `due` and `fired` are None where that never came.
    """

    workload: str
    sign: Sign
    since: float
    due: float | None
    fired: float | None


@define
class Log:
    """The signs that have been seen, in the order of their first sight."""

    _noted: dict[tuple[str, str, str, str], Noted] = field(factory=dict)

    def note(self, assessment: Assessment, now: float) -> None:
        """Take down the signs of an assessment."""
        for workload, judgement in assessment.judgements.items():
            for sign in judgement.signs:
                self._take(str(workload), sign, now)

    def all(self) -> tuple[Noted, ...]:
        """Return what was noted."""
        return tuple(self._noted.values())

    def _take(self, workload: str, sign: Sign, now: float) -> None:
        key = (workload, sign.reason, sign.pod, sign.container)
        before = self._noted.get(key) or Noted(workload, sign, now, None, None)
        fired = now if sign.due <= now and before.fired is None else before.fired
        due = before.due if sign.due == NEVER or before.fired is not None else min(sign.due, fired or NEVER)
        self._noted[key] = evolve(before, sign=sign, due=due, fired=fired)


@frozen
class Replay:
    """How a recording ends: the last assessment, at which second, and the rules that fired or nearly did."""

    assessment: Assessment
    t: float
    noted: tuple[Noted, ...]


def replay(lines: Iterable[Line], assess: Assess) -> Replay:
    """Judge a recording as it would have been judged live. It ends with the verdict, or where the recording ends."""
    snapshot, log, now, look_again = Snapshot(), Log(), 0.0, NEVER
    assessment = None
    for t, batch in _at_once(lines):
        while assessment is not None and look_again < t:
            now = look_again
            assessment, look_again = _looked(snapshot, assess, now, log)
            if assessment.final:
                return Replay(assessment, now, log.all())
        for line in batch:
            _take(snapshot, line, t)
        if t < 0:
            continue
        now = t
        assessment, look_again = _looked(snapshot, assess, now, log)
        if assessment.final:
            break
    if assessment is None:
        assessment, _ = _looked(snapshot, assess, now, log)
    return Replay(assessment, now, log.all())


def _at_once(lines: Iterable[Line]) -> Iterable[tuple[float, list[Line]]]:
    """Put together what was seen at the same moment; time doesn't go back."""
    now, batch = NEVER, list[Line]()
    for line in lines:
        t = line.t if not batch else max(line.t, now)
        if batch and t > now:
            yield now, batch
            batch = []
        now = t
        batch.append(line)
    if batch:
        yield now, batch


def _take(snapshot: Snapshot, line: Line, t: float) -> None:
    if line.seen is not None:
        snapshot.see(line.seen, t)
    elif line.gone:
        snapshot.forget(line.gone, t)


def _looked(snapshot: Snapshot, assess: Assess, now: float, log: Log) -> tuple[Assessment, float]:
    assessment = assess(snapshot, now)
    log.note(assessment, now)
    return assessment, max(assessment.look_again, now + SHORTEST_STEP)

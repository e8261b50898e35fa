"""From the streams of a cluster to a verdict: drain what has come, judge, look again when the verdict asked for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType

from promokit.cluster.namespace import Namespace
from promokit.cluster.objects import Controller
from promokit.errors import Unreachable
from promokit.model import Workload
from promokit.outcome import Outcome
from promokit.rollout.arrival import Arrival
from promokit.rollout.assessment import Assessment, assess, assessed
from promokit.rollout.confirmation import Confirmation
from promokit.rollout.judgement import Evidence, Judgement, Verdict
from promokit.rollout.last_words import with_logs
from promokit.rollout.latecomers import with_time_for_latecomers
from promokit.rollout.look import NEVER
from promokit.rollout.policy import Policy
from promokit.rollout.policy_record import one_policy
from promokit.rollout.presence import Presence
from promokit.rollout.record import Recorder
from promokit.rollout.sight import Sight
from promokit.rollout.standing import Standing, missing, standings
from promokit.rollout.streams import Streams, streams_for

SHORTEST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
LIST_SECONDS = 10.0
TOGETHER_A_POD = 0.0001
TOGETHER_A_MISSING_POD = 0.001
LONGEST_TOGETHER = 0.5
"""Seconds: of many pods something changes all the time, and waking up for each change costs more than reading it.

When few of them are missing still, each change is read the sooner, and the last without delay.
"""
CONFIRMATION = "confirmation"
Show = Callable[[float, Sequence[Standing]], None]


class Lookout:
    """Follows an environment's workloads. It is opened before the change, so that what was there is known."""

    def __init__(
        self,
        namespace: Namespace,
        workloads: Mapping[Workload, Controller],
        *,
        recorder: Recorder | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.namespace, self.clock, self.recorder = namespace, clock, recorder
        streams, queries = streams_for(workloads)
        self.sight = Sight(streams)
        wanted = sum(each.wanted for each in workloads.values())
        self._together = _together(wanted, wanted)
        keep_raw = recorder is not None
        self._streams = Streams(namespace, queries, streams, keep_raw=keep_raw, together=lambda: self._together)
        self._early: list[tuple[float, Arrival]] = []
        self._policies: dict[Workload, Policy] = {}
        self._confirmation = Confirmation(namespace)

    def __enter__(self) -> Lookout:
        self._streams.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._streams.__exit__(kind, error, at)

    def settle(self, seconds: float = LIST_SECONDS) -> None:
        """Wait until all that is there has been listed. Unreachable if that takes longer: nothing was changed yet."""
        unlisted = self._streams.unlisted(seconds)
        arrived = self._streams.drain(0)
        if unlisted:
            errors = [each.error for each in arrived if each.error]
            told = f"the API server doesn't list {', '.join(sorted(unlisted))}"
            raise errors[-1] if errors else Unreachable(told, remedy="run this again")
        self._early += [(self.clock(), each) for each in arrived]

    def follow(
        self,
        policies: Mapping[Workload, Policy],
        started: float,
        *,
        show: Show = lambda now, standings: None,
        stopped: Callable[[], str | None] = lambda: None,
        presence: Presence | None = None,
    ) -> Verdict:
        """Follow the rollouts until there is one verdict on all of them.

        `started` is the clock's reading when the change was made. `show` is called after each look. `stopped` says the
        reason word of an outside end, such as a lost lease: the verdict is then inconclusive. `presence` is asked
        whether an image exists once a node can't find it. The first failure decides; otherwise all must have ended.
        """
        for at, arrival in self._early:
            self._take(arrival, min(at - started, 0.0))
        self._early.clear()
        self._policies = dict(policies)
        verdict = self._watched(started, show, stopped, presence)
        if self.recorder is not None:
            self.recorder.end(verdict.t, one_policy(self._policies.values()))
        return with_logs(self.namespace, verdict) if verdict.outcome is not Outcome.SUCCEEDED else verdict

    def _take(self, arrival: Arrival, t: float) -> None:
        if self.recorder is not None:
            self.recorder.take(arrival, t)
        self.sight.take(arrival, t)

    def _watched(
        self,
        started: float,
        show: Show,
        stopped: Callable[[], str | None],
        presence: Presence | None,
    ) -> Verdict:
        while True:
            now = self.clock() - started
            if word := stopped():
                return _inconclusive(word, now, self._policies)
            if blind := _blind(self.sight, self._policies, now):
                return blind
            if presence is not None:
                self._policies = presence.told(self._policies)
            assessment = self._assessed(now)
            standing = standings(self.sight.snapshot, assessment)
            show(now, standing)
            if self.sight.whole:
                self._together = _together(sum(each.wanted for each in standing), sum(map(missing, standing)))
            if not assessment.final:
                self.sight.blind.pop(CONFIRMATION, None)
                self._confirmation.start_over()
            elif later := with_time_for_latecomers(self.namespace, self._policies, assessment):
                self._policies = later
            elif self._confirmed(assessment, now):
                return assessment.verdict
            if presence is not None:
                presence.ask(self.sight.snapshot, assessment)
            self._wait(assessment.look_again - now, started, asking=presence is not None and presence.asking)

    def _confirmed(self, assessment: Assessment, now: float) -> bool:
        """Only a success needs to be confirmed; while it isn't, that is a kind of blindness."""
        if assessment.verdict.outcome is not Outcome.SUCCEEDED:
            return True
        doubt = self._confirmation.doubt(list(assessment.judgements), self.sight.snapshot, now)
        if doubt is not None:
            self.sight.lose(CONFIRMATION, doubt, now)
        return doubt is None

    def _wait(self, seconds: float, started: float, *, asking: bool) -> None:
        """Wait for an arrival, but never less than the shortest pause: what comes meanwhile is taken in together."""
        longest = SHORTEST_PAUSE if asking else LONGEST_PAUSE
        until = self.clock() + SHORTEST_PAUSE
        arrived = self._streams.drain(min(max(seconds, SHORTEST_PAUSE), longest))
        if self._together:
            until = self.clock() + SHORTEST_PAUSE  # all streams are read at one moment, of which this is the first word
        if arrived and (rest := until - self.clock()) > 0:
            time.sleep(rest)
        for arrival in (*arrived, *self._streams.drain(0)):
            self._take(arrival, self.clock() - started)

    def _assessed(self, now: float) -> Assessment:
        """Judge nothing before each stream has been listed once: what isn't seen yet isn't missing."""
        if self.sight.whole:
            return assess(self.sight.snapshot, self._policies, now)
        waiting = Judgement(Verdict(Outcome.PROGRESSING, "waiting", now), NEVER)
        return assessed(dict.fromkeys(self._policies, waiting), now)


def _together(wanted: int, left: int) -> float:
    """Return how many seconds' changes are read at once; 0 where each look takes in as much anyway."""
    seconds = min(wanted * TOGETHER_A_POD, left * TOGETHER_A_MISSING_POD, LONGEST_TOGETHER)
    return seconds if seconds > SHORTEST_PAUSE else 0.0


def _inconclusive(reason: str, now: float, workloads: Iterable[Workload], message: str = "") -> Verdict:
    return Verdict(Outcome.INCONCLUSIVE, reason, now, tuple(Evidence(str(each), message=message) for each in workloads))


def _blind(sight: Sight, policies: Mapping[Workload, Policy], now: float) -> Verdict | None:
    limit = min(each.blind_for for each in policies.values())
    if not sight.blind or now - min(sight.blind.values()) < limit:
        return None
    return _inconclusive("blind", now, policies, sight.trouble)

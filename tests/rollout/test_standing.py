from attrs import evolve

from promokit.model import Workload
from promokit.outcome import Outcome
from promokit.rollout.judgement import Verdict
from promokit.rollout.standing import Kept, Standing, ended, missing, new_available
from tests.factories import WORKLOAD

DONE = Standing(WORKLOAD, Verdict(Outcome.SUCCEEDED, "complete", 4.0))
GOING = Standing(Workload("worker", "worker"), Verdict(Outcome.PROGRESSING, "waiting", 4.0))


def later(standing: Standing, t: float) -> Standing:
    return evolve(standing, verdict=evolve(standing.verdict, t=t))


def test_how_long_a_workload_took_is_when_its_verdict_first_fell() -> None:
    """The others are followed on, and each look judges it anew."""
    kept = Kept(lambda now, standings: None)
    for second in (4.0, 5.0, 60.0):
        kept.show(second, [later(DONE, second), later(GOING, second)])
    assert [each.verdict.t for each in kept.standings] == [4.0, 60.0]


def test_a_verdict_that_was_taken_back_counts_from_its_second_time() -> None:
    """A pod that lost its readiness while others were followed takes the success back."""
    kept = Kept(lambda now, standings: None)
    for each in (DONE, later(evolve(DONE, verdict=GOING.verdict), 5.0), later(DONE, 9.0), later(DONE, 11.0)):
        kept.show(each.verdict.t, [each])
    assert kept.standings[0].verdict.t == 9.0


def test_what_is_kept_is_what_is_shown() -> None:
    """The view and the result don't differ."""
    shown: list[object] = []
    kept = Kept(lambda now, standings: shown.append((now, standings)))
    kept.show(4.0, [DONE])
    assert shown == [(4.0, (DONE,))]


def test_a_rollout_is_over_with_its_first_failure_or_its_last_end() -> None:
    """As the engine decides."""
    failed = evolve(DONE, verdict=Verdict(Outcome.FAILED, "crash-loop"))
    timed_out = evolve(DONE, verdict=Verdict(Outcome.TIMED_OUT, "timeout"))
    assert ended([DONE, failed, GOING])
    assert ended([DONE, timed_out])
    assert not ended([DONE, GOING])
    assert not ended([timed_out, GOING])


def test_pods_of_before_are_not_taken_for_new_ones() -> None:
    """A controller counts the available ones of both templates together."""
    standing = evolve(DONE, wanted=3, updated=1, available=3, total=4)
    assert new_available(standing) == 0
    assert new_available(evolve(standing, updated=2)) == 1
    assert new_available(evolve(standing, updated=3, total=3)) == 3
    assert new_available(evolve(standing, updated=3, available=5, total=5)) == 3


def test_what_is_missing_is_all_until_the_change_was_observed() -> None:
    """The numbers of before say nothing of the pods that are to come."""
    standing = evolve(DONE, observed=True, wanted=3, updated=2, available=3, total=4)
    assert missing(standing) == 2
    assert missing(evolve(standing, updated=3, total=3)) == 0
    assert missing(evolve(standing, updated=3, total=3, observed=False)) == 3

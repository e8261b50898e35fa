import pytest

from promokit.cluster.objects import Condition
from promokit.migration.verdict import REMEDIES, judge_job
from promokit.outcome import EXIT_CODES
from tests.factories import job


@pytest.mark.parametrize(
    ("conditions", "outcome", "reason"),
    [
        ((), "progressing", "running"),
        ((Condition("Complete", "True"),), "succeeded", "complete"),
        ((Condition("SuccessCriteriaMet", "True"),), "progressing", "running"),
        ((Condition("FailureTarget", "True"),), "progressing", "running"),
        ((Condition("Suspended", "True"),), "progressing", "suspended"),
        ((Condition("Failed", "False"),), "progressing", "running"),
        ((Condition("Complete", "Unknown"),), "progressing", "running"),
        ((Condition("Failed", "True", "BackoffLimitExceeded", "too often"),), "failed", "job-failed"),
        ((Condition("Failed", "True", "DeadlineExceeded", "too long"),), "failed", "deadline-exceeded"),
        ((Condition("FailureTarget", "True"), Condition("Failed", "True", "PodFailurePolicy")), "failed", "job-failed"),
    ],
)
def test_only_complete_and_failed_are_ends(conditions: tuple[Condition, ...], outcome: str, reason: str) -> None:
    """The controller retries what fails before that; a condition counts only while it is True."""
    verdict = judge_job(job(*conditions), "db-migrate-1")
    assert (verdict.outcome, verdict.reason, verdict.final) == (outcome, reason, outcome != "progressing")


def test_a_failure_tells_the_clusters_words() -> None:
    """The condition's message is what a person needs."""
    assert judge_job(job(Condition("Failed", "True", "BackoffLimitExceeded", "too often")), "x").message == "too often"


def test_a_job_that_is_gone_is_inconclusive() -> None:
    """Who deleted it doesn't say how it ended."""
    verdict = judge_job(None, "db-migrate-1")
    assert (verdict.outcome, verdict.reason, verdict.exit_code, verdict.job) == (
        "inconclusive",
        "deleted",
        5,
        "db-migrate-1",
    )


def test_every_end_that_is_no_success_has_a_remedy() -> None:
    """And every outcome an exit code."""
    assert {each for each, remedy in REMEDIES.items() if not remedy} == {"complete", "already-done", "none", "running"}
    assert EXIT_CODES == {"succeeded": 0, "progressing": 0, "failed": 1, "timed_out": 4, "inconclusive": 5}

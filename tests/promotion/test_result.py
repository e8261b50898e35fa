import pytest

from promokit.migration.verdict import MigrationVerdict
from promokit.outcome import Outcome
from promokit.promotion.result import Result, of_migration, of_rollout
from promokit.rollout.judgement import Evidence, Verdict


@pytest.mark.parametrize(("outcome", "code"), [("succeeded", 0), ("failed", 1), ("timed_out", 4), ("inconclusive", 5)])
def test_a_result_ends_the_process_as_its_outcome_says(outcome: str, code: int) -> None:
    """The exit codes of an operation are those of its verdict."""
    result = Result(outcome, "x")
    assert (result.exit_code, result.succeeded) == (code, code == 0)


def test_a_rollouts_result_carries_its_evidence_and_remedy() -> None:
    """Nothing of the verdict is lost on the way to the user."""
    evidence = (Evidence("main-app/main-app", "new-1", "main-app", 1, "Error", 2, log=("boom",)),)
    result = of_rollout(Verdict(Outcome.FAILED, "crash-loop", 2.5, evidence), changed=True, image="i")
    assert (result.outcome, result.reason, result.duration) == ("failed", "crash-loop", 2.5)
    assert result.evidence == evidence
    assert "log" in result.remedy
    assert result.to_json()["evidence"][0]["log"] == ("boom",)


def test_a_migrations_result_names_its_job() -> None:
    """The Job's name and the cluster's words are what to look for."""
    result = of_migration(MigrationVerdict("failed", "job-failed", "db-migrate-1", "too often"), changed=True)
    assert (result.migration, result.job, result.exit_code) == ("failed", "db-migrate-1", 1)
    assert result.evidence == (Evidence("db-migrate-1", message="too often"),)

"""The verdict on a migration Job, by the conditions that the Job controller writes. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from promokit.cluster.objects import Job
from promokit.outcome import EXIT_CODES, Outcome

REMEDIES: Mapping[str, str] = {
    "complete": "",
    "already-done": "",
    "none": "",
    "running": "",
    "suspended": "the Job is suspended: nothing runs until spec.suspend is false",
    "job-failed": "read the log above; mend the migration and promote a new build, or run promokit migrate again",
    "deadline-exceeded": "it took longer than activeDeadlineSeconds: see what it waits for, then run it again",
    "deleted": "somebody deleted the Job: check the schema's state, then run promokit migrate again",
    "timeout": "the Job neither completed nor failed in time: look at its pod, then run promokit migrate again",
    "blind": "the API server couldn't be asked; run this again to see how the migration ended",
    "superseded": "another operation took over: see history",
}


@frozen
class MigrationVerdict:
    """How a migration ended: outcome (as of a rollout), reason word, the Job's name, the cluster's words."""

    outcome: str
    reason: str
    job: str = ""
    message: str = ""
    changed: bool = False
    seconds: float = 0.0

    @property
    def remedy(self) -> str:
        """What to do about it; empty where nothing is to be done."""
        return REMEDIES[self.reason]

    @property
    def exit_code(self) -> int:
        """The exit code of a process that ends with this verdict."""
        return EXIT_CODES[self.outcome]

    @property
    def final(self) -> bool:
        """Whether the Job has ended."""
        return self.outcome != Outcome.PROGRESSING


def judge_job(job: Job | None, name: str) -> MigrationVerdict:
    """Judge a Job by its conditions alone (kubernetes.io/docs: Job termination and cleanup).

    Complete and Failed are its ends: failures before are retried by the controller, and while it is only FailureTarget
    or SuccessCriteriaMet its pods may still run.
    """
    if job is None:
        return MigrationVerdict("inconclusive", "deleted", name)
    if job.condition("Complete"):
        return MigrationVerdict("succeeded", "complete", name)
    if failed := job.condition("Failed"):
        reason = "deadline-exceeded" if failed.reason == "DeadlineExceeded" else "job-failed"
        return MigrationVerdict("failed", reason, name, failed.message)
    return MigrationVerdict("progressing", "suspended" if job.condition("Suspended") else "running", name)

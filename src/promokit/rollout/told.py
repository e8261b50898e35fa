"""A workload's standing in one line. Pure."""

from __future__ import annotations

from promokit.cluster.objects import Deployment
from promokit.model import Workload
from promokit.rollout.reasons import Outcome
from promokit.rollout.verdict import Evidence, Verdict


def told(workload: Workload, deployment: Deployment | None, verdict: Verdict) -> str:
    """Say how a workload's rollout stands, with the newest sign of trouble."""
    counts = ""
    if deployment is not None and deployment.observed_generation >= deployment.generation:
        counts = f"{deployment.updated}/{deployment.wanted} updated, {deployment.available} available"
    words = f"{verdict.outcome}: {verdict.reason}" if verdict.reason != verdict.outcome else verdict.reason
    line = "  ".join(filter(None, (str(workload), counts, words)))
    signs = [each for each in verdict.evidence if each.pod or verdict.outcome is Outcome.FAILED]
    return f"{line}  {evidence_line(signs[0])}" if signs else line


def evidence_line(evidence: Evidence) -> str:
    """Say what a verdict rests on in one line: pod, container, exit code, the cluster's words."""
    where = "/".join(filter(None, (evidence.pod, evidence.container)))
    code = f"exit {evidence.exit_code}" if evidence.exit_code is not None else ""
    times = f"{evidence.count} times" if evidence.count > 1 else ""
    facts = ", ".join(filter(None, (code, times)))
    return " ".join(filter(None, (where, f"({facts})" if facts else "", evidence.message))).strip()

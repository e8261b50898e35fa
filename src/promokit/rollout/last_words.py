"""The last log lines of the containers that ended, as evidence of a verdict."""

from __future__ import annotations

import time

from attrs import evolve

from promokit.cluster.namespace import Namespace
from promokit.cluster.patience import patiently
from promokit.errors import PromokitError
from promokit.rollout.judgement import Evidence, Verdict

LOG_LINES = 20
LOGS = 5
PATIENCE_SECONDS = 10.0


def with_logs(namespace: Namespace, verdict: Verdict) -> Verdict:
    """Return a verdict with the last log lines in its first evidence: it doesn't wait for hundreds.

    A server in trouble is asked again for some seconds in all: the verdict has fallen, and waits for this to be told.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    first, rest = verdict.evidence[:LOGS], verdict.evidence[LOGS:]
    return evolve(verdict, evidence=(*(_with_log(namespace, each, until) for each in first), *rest))


def _with_log(namespace: Namespace, evidence: Evidence, until: float) -> Evidence:
    """Add the last lines of a container that ended, of its previous run where this one has said nothing yet."""
    if not evidence.container or evidence.exit_code is None:
        return evidence
    for previous in (False, True):
        if lines := _log(namespace, evidence, until, previous=previous):
            return evolve(evidence, log=tuple(lines))
    return evidence


def _log(namespace: Namespace, evidence: Evidence, until: float, *, previous: bool) -> list[str]:
    def read() -> list[str]:
        return namespace.log_tail(evidence.pod, evidence.container, lines=LOG_LINES, previous=previous)

    try:
        return patiently(read, until)
    except PromokitError:
        return []

"""The closed lists of words that a verdict on a rollout is told in, each reason with its remedy."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Outcome(StrEnum):
    """How a rollout stands or ended."""

    PROGRESSING = "progressing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    INCONCLUSIVE = "inconclusive"


EXIT_CODES: Mapping[Outcome, int] = {
    Outcome.PROGRESSING: 0,
    Outcome.SUCCEEDED: 0,
    Outcome.FAILED: 1,
    Outcome.TIMED_OUT: 4,
    Outcome.INCONCLUSIVE: 5,
}

REMEDIES: Mapping[str, str] = {
    # progressing and succeeded
    "waiting": "",
    "complete": "",
    "stabilizing": "",
    # failed
    "crash-loop": "read the log of the container below; roll back if the fault is in the image",
    "cannot-start": "check the image's command and architecture",
    "image-invalid": "write the image as repository:tag@sha256:…",
    "image-not-found": "check that the digest is in the registry and wasn't deleted by a lifecycle rule",
    "pull-refused": "let the nodes pull from this repository (node role, imagePullSecrets)",
    "config-missing": "create the ConfigMap, Secret or key that is named below",
    "unschedulable": "free or add capacity for the pod's requests, or mend its node selectors and tolerations",
    "quota": "raise the ResourceQuota, or lower requests or maxSurge",
    "creation-refused": "change the pod template to what the admission policy named below allows",
    "init-failed": "read the log of the init container below",
    "half-changed": "the workloads run two images: run it again, or roll back",
    "no-progress": "look at what is missing below; a probe that never passes is the usual cause",
    # timed out
    "timeout": "look at what is missing below; raise the timeout if the application just starts slowly",
    # inconclusive
    "superseded": "somebody else changed the pod template meanwhile: see the environment's history",
    "replaced": "the Deployment was deleted or made anew meanwhile: see who did it, then run this again",
    "paused": "the Deployment is paused: kubectl rollout resume, then run this again",
    "blind": "the API server couldn't be watched; run this again to see how the rollout ended",
}

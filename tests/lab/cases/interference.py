"""Cases where something or somebody interferes with a rollout that would go well, or one of two goes wrong."""

from __future__ import annotations

from tests.lab.cases.case import Case, Judged
from tests.lab.cases.images import COMPLETE, SUCCEEDS, TWICE, case, to
from tests.lab.cases.manifests import container, deployment
from tests.lab.cases.steps import (
    Apply,
    Delete,
    Evict,
    Patch,
    SetImage,
    StartKubelet,
    StopKubelet,
    WaitForCondition,
)

_OTHER = "The pod template isn't ours any more."
_ANEW = "The Deployment was deleted, or made anew."

_AUTOSCALER = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "web"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "minReplicas": 2,
        "maxReplicas": 4,
    },
}
"""It wants more than there are; without metrics it wants no others."""
_SLOW_TO_END = {"terminationGracePeriodSeconds": 4, "containers": [container(image="actor:clings")]}

CASES = (
    case(
        "scaled-meanwhile",
        "steady",
        *SUCCEEDS,
        meanwhile=((2, Patch("deployment", "web", {"spec": {"replicas": 4}})),),
        seconds=22,
    ),
    case(
        "autoscaled-meanwhile",
        "slow",
        *SUCCEEDS,
        before=deployment(replicas=1),
        meanwhile=((1, Apply(_AUTOSCALER)),),
        seconds=62,
    ),
    case(
        "recreates",
        "steady",
        *SUCCEEDS,
        before=deployment(strategy={"type": "Recreate"}, pod=_SLOW_TO_END),
        seconds=16,
    ),
    case(
        "scaled-down-meanwhile",
        "steady",
        *SUCCEEDS,
        before=deployment(replicas=3),
        meanwhile=((2, Patch("deployment", "web", {"spec": {"replicas": 1}})),),
        seconds=9,
    ),
    case(
        "other-image-meanwhile",
        "steady",
        Judged("inconclusive", "superseded", _OTHER, blames="web"),
        meanwhile=((3, SetImage("deployment/web/app", "actor:another")),),
        seconds=6,
    ),
    case(
        "paused",
        "steady",
        Judged(
            "inconclusive",
            "paused",
            "The Deployment is paused: nothing goes on until a person resumes it.",
            blames="web",
        ),
        meanwhile=((3, Patch("deployment", "web", {"spec": {"paused": True}})),),
        seconds=10,
    ),
    case(
        "deleted",
        "steady",
        Judged("inconclusive", "replaced", _ANEW, blames="web"),
        meanwhile=((3, Delete("deployment", "web")),),
        seconds=10,
    ),
    case(
        "made-anew",
        "steady",
        Judged("inconclusive", "replaced", _ANEW, blames="web"),
        meanwhile=((3, Delete("deployment", "web")), (3.5, Apply(deployment()))),
        seconds=8,
    ),
    case(
        "evicted",
        "steady",
        Judged("succeeded", "complete", "An eviction is no failure; then " + COMPLETE),
        meanwhile=((2.5, Evict("app=web")),),
        seconds=20,
    ),
    case(
        "node-lost",
        "steady",
        Judged("succeeded", "complete", "The loss of a node is no failure; then " + COMPLETE),
        meanwhile=((2.5, StopKubelet()), (75, StartKubelet())),
        alone=True,
        cleanup=(StartKubelet(),),
        seconds=90,
    ),
    case(
        "stale-deadline-after-undo",
        "good",
        Judged("succeeded", "complete", "A condition of an earlier generation doesn't count; then " + COMPLETE),
        before=deployment(progressDeadlineSeconds=5),
        prepare=(
            SetImage("deployment/web/app", "actor:never-ready"),
            WaitForCondition("deployment", "web", "ProgressDeadlineExceeded"),
        ),
        seconds=10,
    ),
    Case(
        "one-of-two-fails",
        before=(deployment(), deployment("worker")),
        change=(*to("better"), *to("crash", "deployment/worker/app")),
        judged=(
            Judged("failed", "crash-loop", f"The worst of the workloads decides. {TWICE}", blames="worker/pod/app"),
        ),
        seconds=6,
    ),
)

"""Cases of one Deployment where what differs is the new image, or how its container behaves."""

from __future__ import annotations

from typing import Any

from tests.lab.cases.case import Case, Judged
from tests.lab.cases.manifests import container, deployment
from tests.lab.cases.steps import ForbiddingRegistry, HideImage, PrivateRegistry, SetImage, ShowImage

COMPLETE = "Complete by kubectl's rule, then each new pod Ready for stable-for without a break."
TWICE = "Two terminations of one new pod's containers since the change, whatever the exit code."
REFUSED = "The registry refused the pull (401 or 403) on two attempts."
CANNOT_START = "The container can't be started, on its second try."
NOT_TOLD = f"{TWICE} That the program can't be executed is only told in its log: the container starts, then exits 1."
SUCCEEDS = (Judged("succeeded", "complete", COMPLETE),)


def to(image: str, workload: str = "deployment/web/app") -> tuple[SetImage]:
    """The change of a workload to an image."""
    return (SetImage(workload, f"actor:{image}"),)


def case(name: str, image: str, *judged: Judged, before: dict[str, Any] | None = None, **more: Any) -> Case:
    """A case that changes the Deployment web to an image."""
    return Case(name, (before or deployment(),), to(image), judged, **more)


def _with(**more: Any) -> dict[str, Any]:
    """The Deployment web, with more in its container."""
    return deployment(pod={"containers": [container(**more)]})


_LIVENESS = {"httpGet": {"path": "/live", "port": 8080}, "periodSeconds": 1, "failureThreshold": 2}
_STARTUP = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "failureThreshold": 3}
_HANGING = ["/actor", "-port=8090", "-ignore-term"]
_LONG_STOP = {
    "terminationGracePeriodSeconds": 12,
    "containers": [container(image="actor:clings", lifecycle={"preStop": {"exec": {"command": _HANGING}}})],
}

CASES = (
    case("success", "better", *SUCCEEDS, seconds=8),
    case("slow-start", "slow", *SUCCEEDS, seconds=64),
    case("crash-loop", "crash", Judged("failed", "crash-loop", TWICE), seconds=25),
    case(
        "crash-loop-short-deadline",
        "crash",
        Judged("failed", "crash-loop", TWICE),
        before=deployment(progressDeadlineSeconds=10),
        seconds=16,
    ),
    case("exit-0-loop", "exit-0", Judged("failed", "crash-loop", TWICE), seconds=20),
    case(
        "ready-then-crash",
        "crash-after-ready",
        Judged("failed", "crash-loop", TWICE, "--stable-for 10s"),
        seconds=15,
    ),
    case(
        "crash-every-25s",
        "crash-every-25s",
        Judged("failed", "crash-loop", TWICE, "--stable-for 30s"),
        Judged("succeeded", "complete", "Nothing broke for stable-for: succeeded claims no more.", "--stable-for 10s"),
        seconds=56,
    ),
    case(
        "crash-at-first",
        "crash-at-first",
        Judged("failed", "crash-loop", TWICE),
        Judged("succeeded", "complete", COMPLETE, "--stable-for 2s --crashes 9"),
        seconds=50,
    ),
    case("crash-once", "crash-once", *SUCCEEDS, seconds=10),
    case(
        "ready-with-a-break",
        "faints",
        Judged("succeeded", "complete", "A lost readiness begins the time of stable-for anew.", "--stable-for 6s"),
        seconds=20,
    ),
    case("old-pods-crash", "steady", *SUCCEEDS, before=_with(image="actor:crash-after-ready"), seconds=15),
    case(
        "oom-killed",
        "eater",
        Judged("failed", "out-of-memory", TWICE, "--stable-for 10s"),
        before=_with(resources={"limits": {"memory": "64Mi"}}),
        seconds=6,
    ),
    case(
        "liveness-kills",
        "dies-alive",
        Judged("failed", "liveness-killed", TWICE, "--stable-for 10s"),
        before=_with(livenessProbe=_LIVENESS),
        seconds=12,
    ),
    case(
        "startup-kills",
        "never-ready",
        Judged("failed", "startup-killed", TWICE),
        before=_with(startupProbe=_STARTUP),
        seconds=16,
    ),
    case("exec-format-error", "not-a-program", Judged("failed", "crash-loop", NOT_TOLD), seconds=20),
    case("command-missing", "no-command", Judged("failed", "cannot-start", CANNOT_START), seconds=20),
    case(
        "probe-never-passes",
        "never-ready",
        Judged("timed_out", "timeout", "Nothing proves it before a deadline.", "--stable-for 2s --timeout 30s"),
        seconds=40,
    ),
    case(
        "probe-never-passes-short-deadline",
        "never-ready",
        Judged("failed", "no-progress", "progressDeadlineSeconds by our own clock from the last progress."),
        before=deployment(progressDeadlineSeconds=10),
        seconds=20,
    ),
    case(
        "no-such-image",
        "gone",
        Judged(
            "failed",
            "image-not-found",
            "The pull says not found, and the registry says that the digest isn't there.",
            "--stable-for 2s --image-exists no",
        ),
        Judged(
            "progressing",
            "waiting",
            "Without the registry's word it looks like an image that is on its way.",
            "--stable-for 2s --image-exists unknown",
        ),
        seconds=40,
    ),
    case(
        "image-appears",
        "late",
        Judged("succeeded", "complete", COMPLETE, "--stable-for 2s --image-exists yes"),
        Judged("succeeded", "complete", COMPLETE, "--stable-for 2s --image-exists unknown"),
        Judged(
            "failed",
            "image-not-found",
            "The pull says not found, and the registry said that the digest isn't there.",
            "--stable-for 2s --image-exists no",
        ),
        prepare=(HideImage("late"),),
        meanwhile=((20, ShowImage("late")),),
        seconds=46,
    ),
    case(
        "invalid-image-name",
        "misnamed",
        Judged("failed", "image-invalid", "InvalidImageName: no pull will ever be tried."),
        seconds=10,
    ),
    case(
        "other-architecture",
        "arm",
        Judged(
            "failed",
            "wrong-platform",
            "The registry has the digest and the node found nothing in it for its platform: that can't change.",
        ),
        seconds=30,
    ),
    case(
        "pull-unauthorized",
        "private",
        Judged("failed", "pull-refused", REFUSED),
        ground=(PrivateRegistry("registry.private.test"),),
        seconds=30,
    ),
    case(
        "pull-forbidden",
        "forbidden",
        Judged("failed", "pull-refused", REFUSED),
        ground=(ForbiddingRegistry("registry.forbidden.test"),),
        seconds=30,
    ),
    case("stop-hangs", "better", *SUCCEEDS, before=deployment(pod=_LONG_STOP), seconds=25),
)

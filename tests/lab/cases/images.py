"""Cases of one Deployment where what differs is how the new image's container behaves."""

from __future__ import annotations

from tests.lab.cases.case import Case, Judged
from tests.lab.cases.manifests import deployment
from tests.lab.cases.steps import SetImage


def to(behaviour: str, workload: str = "deployment/web/app") -> tuple[SetImage]:
    """The change to an image of the actor."""
    return (SetImage(workload, f"actor:{behaviour}"),)


CASES = (
    Case(
        "success",
        before=(deployment(),),
        change=to("better"),
        judged=(Judged("succeeded", "complete", "Complete by kubectl's rule, then Ready for stable-for without a break."),),
        seconds=8,
    ),
    Case(
        "crash-loop",
        before=(deployment(),),
        change=to("crash"),
        judged=(Judged("failed", "crash-loop", "Two terminations of one new pod's container since the change."),),
        seconds=25,
    ),
    Case(
        "no-such-image",
        before=(deployment(),),
        change=to("gone"),
        judged=(
            Judged(
                "failed",
                "image-not-found",
                "The pull says not found, and the registry says that the digest isn't there.",
                "--stable-for 2s --image-exists no",
            ),
            Judged(
                "progressing",
                "waiting",
                "Without the registry's word, an image that is on its way looks the same.",
                "--stable-for 2s --image-exists unknown",
            ),
        ),
        seconds=40,
    ),
)

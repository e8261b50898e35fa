"""Cases of StatefulSets, DaemonSets and migration Jobs."""

from __future__ import annotations

from tests.lab.cases.case import Case, Judged
from tests.lab.cases.images import TWICE, to
from tests.lab.cases.manifests import daemon_set, job, stateful_set
from tests.lab.cases.steps import Create, Pass

_SET = (
    Judged(
        "succeeded",
        "complete",
        "All replicas from the partition up are of the update revision and available, for stable-for without a break.",
    ),
)
_DAEMONS = (
    Judged(
        "succeeded",
        "complete",
        "The pods of all nodes that it wants are updated and available, for stable-for without a break.",
    ),
)


def _crashes(name: str) -> tuple[Judged]:
    return (Judged("failed", "crash-loop", TWICE, blames=f"{name}/pod/app"),)


CASES = (
    Case("stateful-set-succeeds", (stateful_set(),), to("better", "statefulset/store/app"), _SET, seconds=14),
    Case("stateful-set-fails", (stateful_set(),), to("crash", "statefulset/store/app"), _crashes("store"), seconds=16),
    Case(
        "stateful-set-blocked",
        (stateful_set(),),
        to("better", "statefulset/store/app"),
        (
            Judged(
                "timed_out",
                "timeout",
                "The controller waits for a pod of before that crashes; nothing proves that it won't get Ready.",
                "--stable-for 2s --timeout 12s",
                blames="store/pod/app",
            ),
        ),
        prepare=(*to("crash", "statefulset/store/app"), Pass(4)),
        seconds=16,
    ),
    Case("daemon-set-succeeds", (daemon_set(),), to("better", "daemonset/agent/app"), _DAEMONS, seconds=10),
    Case("daemon-set-fails", (daemon_set(),), to("crash", "daemonset/agent/app"), _crashes("agent"), seconds=16),
    Case(
        "job-succeeds",
        before=(),
        change=(Create(job("actor:migrates")),),
        judged=(Judged("succeeded", "complete", "The Job has the condition Complete.", ""),),
        seconds=12,
    ),
    Case(
        "job-secret-missing",
        before=(),
        change=(Create(job("actor:migrates", secret="database")),),
        replayed_only=True,
        judged=(
            Judged(
                "failed",
                "config-missing",
                "A Job's pod that lacks its Secret never begins, so its controller has nothing to count.",
                "",
                blames="migrate/pod/migrate",
            ),
        ),
        seconds=20,
    ),
    Case(
        "job-fails",
        before=(),
        change=(Create(job("actor:migration-fails")),),
        judged=(
            Judged(
                "failed",
                "job-failed",
                "The Job has the condition Failed: more failures than backoffLimit.",
                "",
                blames="migrate/pod/migrate",
            ),
        ),
        seconds=30,
    ),
)

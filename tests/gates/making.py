"""Facts of a promotion that every gate allows, for tests to spoil one at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from promokit.freeze_windows import FreezeWindow
from promokit.gates.facts import Approvals, Facts, Standing, WorkloadStanding
from promokit.github.types import Account, Comparison, EnvironmentSettings, Review, Run
from promokit.image import Digest, ImageRef
from promokit.model import ApprovalsGate, CiGate, Environment, Gates
from tests.factories import COMMIT, NOW, digest, environment, image

ALICE = Account("alice", "User", 1)
BOB = Account("bob", "User", 2)
CAROL = Account("carol", "User", 3)
BOT = Account("renovate", "Bot", 4)
REF = "refs/heads/master"


def run(**changes: Any) -> Run:
    settings: dict[str, Any] = {
        "id": 7,
        "attempt": 1,
        "number": 12,
        "actor": ALICE,
        "triggering_actor": ALICE,
        "branch": "master",
        "sha": COMMIT,
        "event": "push",
        "workflow_path": ".github/workflows/ci.yaml",
        "status": "completed",
        "conclusion": "success",
        "url": "https://github.com/acme/credreg/actions/runs/7",
        "created_at": NOW,
        **changes,
    }
    return Run(**settings)


def workload(name: str = "main-app/main-app", **changes: Any) -> WorkloadStanding:
    settings: dict[str, Any] = {
        "image": str(image()),
        "digest": digest(),
        "doubt": "proven",
        "outcome": "succeeded",
        "reason": "complete",
        "since": NOW - timedelta(hours=30),
        **changes,
    }
    return WorkloadStanding(name=name, **settings)


def standing(name: str, *workloads: WorkloadStanding, migrated: bool | None = True, unsettled: str = "") -> Standing:
    return Standing(name, workloads or (workload(), workload("worker-app/worker")), migrated, unsettled)


def old_image(digit: str = "b") -> ImageRef:
    return image(digit, "2026.11.20.0001")


def old(name: str = "main-app/main-app", **changes: Any) -> WorkloadStanding:
    """A workload of the target that runs what was before."""
    return workload(name, **{"image": str(old_image()), "digest": digest("b"), **changes})


def settings(name: str, **changes: Any) -> EnvironmentSettings:
    told: dict[str, Any] = {
        "required_reviewers": True,
        "reviewers": 1,
        "prevent_self_review": True,
        "admins_can_bypass": False,
        "protected_branches": False,
        "custom_branch_policies": True,
        **changes,
    }
    return EnvironmentSettings(name=name, **told)


def review(user: Account, *environments: str, state: str = "approved") -> Review:
    return Review(state, user, environments, "")


def approvals(*reviews: Review, by: Run | None = None, **changes: Any) -> Approvals:
    """Approvals of prod-approval by bob and prod by carol, unless told otherwise."""
    return Approvals(
        by or run(),
        reviews or (review(BOB, "prod-approval"), review(CAROL, "prod")),
        changes.get("settings", {each: settings(each) for each in ("prod-approval", "prod")}),
        changes.get("branches", dict.fromkeys(("prod-approval", "prod"), ("master",))),
    )


def comparison(status: str = "behind") -> Comparison:
    return Comparison(status, 0, 3, (), "https://github.com/acme/credreg/compare")


def prod(**gates: Any) -> Environment:
    """The environment that all gates guard."""
    wanted: dict[str, Any] = {
        "ci": CiGate(("ci.yaml",)),
        "approvals": ApprovalsGate(("prod-approval", "prod")),
        "bake": timedelta(hours=24),
        "freeze": (FreezeWindow("Fri 16:00 to Mon 08:00"),),
        **gates,
    }
    return environment("prod", source=environment("sandbox"), gates=Gates(**wanted))


def facts(**changes: Any) -> Facts:
    """Facts that every gate allows, judged as apply does."""
    told: dict[str, Any] = {
        "environment": prod(),
        "image": image(),
        "revision": COMMIT,
        "target": standing("prod", old(), old("worker-app/worker")),
        "source": standing("sandbox"),
        "now": NOW,
        "ci": {"ci.yaml": (run(id=3),)},
        "comparison": comparison(),
        "immutable": True,
        "label": COMMIT,
        "nodes": ("linux/amd64", "linux/arm64"),
        "platforms": ("linux/amd64", "linux/arm64"),
        "recorded": ledger("b"),
        "holds": {},
        "overrides": {},
        "approvals": approvals(),
        "run_id": 7,
        "ref": REF,
        "final": True,
        **changes,
    }
    return Facts(**told)


def ledger(*digits: str) -> dict[str, tuple[str, ...]]:
    """What the ledger says that both workloads may run."""
    return dict.fromkeys(("main-app/main-app", "worker-app/worker"), tuple(str(old_image(each)) for each in digits))


def held(which: Digest, reason: str = "it lost money") -> dict[str, str]:
    return {str(which): reason}

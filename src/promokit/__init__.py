"""Promote one immutable image through environments on Kubernetes: gated, recorded, reversible.

    pipeline = promokit.load("promokit.yaml")
    plan = promokit.plan(pipeline["prod"])
    if not plan.allowed:
        sys.exit(plan.exit_code)
    result = promokit.apply(plan, progress=print)
    sys.exit(result.exit_code)

Nothing third-party is imported before a name is used.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # what type checkers take for true; importing `typing` takes longer than all of this
if TYPE_CHECKING:
    from typing import Any

    from promokit.config import load
    from promokit.errors import ConfigError, PromokitError, Refused, Unreachable, VerificationFailed
    from promokit.image import Digest, ImageRef, ReleaseTag, RevisionTag
    from promokit.promotion.adopting import adopt
    from promokit.promotion.apply import apply
    from promokit.promotion.checking import check
    from promokit.promotion.planning import plan
    from promokit.promotion.primitives import roll_out, run_migration
    from promokit.promotion.record import history, hold, override, release
    from promokit.promotion.resolution import resolve
    from promokit.promotion.rollback import rollback
    from promokit.promotion.taking_in import take_in
    from promokit.rollout.policy import Policy
    from promokit.rollout.verdict import judge

_NAMES = {
    "config": ("load",),
    "errors": ("ConfigError", "PromokitError", "Refused", "Unreachable", "VerificationFailed"),
    "image": ("Digest", "ImageRef", "ReleaseTag", "RevisionTag"),
    "promotion.adopting": ("adopt",),
    "promotion.apply": ("apply",),
    "promotion.checking": ("check",),
    "promotion.planning": ("plan",),
    "promotion.primitives": ("roll_out", "run_migration"),
    "promotion.record": ("history", "hold", "override", "release"),
    "promotion.resolution": ("resolve",),
    "promotion.rollback": ("rollback",),
    "promotion.taking_in": ("take_in",),
    "rollout.policy": ("Policy",),
    "rollout.verdict": ("judge",),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "ConfigError",
    "Digest",
    "ImageRef",
    "Policy",
    "PromokitError",
    "Refused",
    "ReleaseTag",
    "RevisionTag",
    "Unreachable",
    "VerificationFailed",
    "adopt",
    "apply",
    "check",
    "history",
    "hold",
    "judge",
    "load",
    "override",
    "plan",
    "release",
    "resolve",
    "roll_out",
    "rollback",
    "run_migration",
    "take_in",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'promokit' has no attribute '{name}'")
    return getattr(importlib.import_module(f"promokit.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)

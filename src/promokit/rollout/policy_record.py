"""What a recording says of the policy that its rollout was judged by: a closed set of fields, as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from attrs import evolve, fields

from promokit.errors import ConfigError
from promokit.rollout.policy import Answer, Policy

LONGEST = 1e12
"""Seconds; NaN isn't within it either."""
_OF_ITS_CLUSTER = {"generation", "template", "uid"}
"""A replay finds these in the objects."""
_NAMES = {each.name.replace("_", "-"): each.name for each in fields(Policy) if each.name not in _OF_ITS_CLUSTER}
_REMEDY = f"a policy has {', '.join(_NAMES)}: seconds, a number of crashes, and yes, no or unknown"


def policy_told(policy: Policy) -> dict[str, Any]:
    """Return a policy as a recording and `explain -o json` tell it; times are seconds."""
    return {name: getattr(policy, attribute) for name, attribute in _NAMES.items()}


def one_policy(policies: Iterable[Policy]) -> Policy:
    """Return what the workloads of one rollout are judged by: they begin alike, and one of them may be given more.

    What the registry said counts where it said the same of all that it was asked about.
    """
    listed = list(policies)
    answers = {each.image_exists for each in listed} - {"unknown"}
    return evolve(
        listed[0],
        image_exists=answers.pop() if len(answers) == 1 else "unknown",
        config_missing_for=max(each.config_missing_for for each in listed),
    )


def policy_read(data: object, where: str) -> Policy:
    """Return the policy that a recording's line tells. ConfigError names the field that is none."""
    if not isinstance(data, dict):
        raise ConfigError("a policy that isn't formed as one", where=where, remedy=_REMEDY)
    for name, value in data.items():
        if name not in _NAMES:
            raise ConfigError(f"a policy with an unknown field {name!r}", where=where, remedy=_REMEDY)
        if not _fits(name, value):
            raise ConfigError(f"a policy whose {name} is {value!r:.60}", where=where, remedy=_REMEDY)
    return Policy(**{_NAMES[name]: value for name, value in data.items()})


def _fits(name: str, value: object) -> bool:
    if name == "image-exists":
        return value in get_args(Answer)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) and value >= 1 if name == "crashes" else 0 <= value <= LONGEST

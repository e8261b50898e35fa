"""The options that say what a rollout is judged by; `rollout` and `explain` share them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from promokit.cli.options import Function, option
from promokit.durations import format_duration, parse_duration
from promokit.errors import ConfigError
from promokit.rollout.policy import Policy
from promokit.rollout.policy_record import policy_told

_TOLD = {
    "stable-for": "How long the new pods must stay Ready.",
    "timeout": "When to give up.",
    "blind-for": "How long the API server may be out of sight.",
    "crashes": "How many terminations of a new pod's containers are a failure.",
}
WINDOWS = tuple(name.replace("-", "_") for name in _TOLD)


def policy_options(function: Function) -> Function:
    """Add the windows and limits of a verdict, as arguments named in WINDOWS."""
    for name, text in reversed(_TOLD.items()):
        function = option(name, help=text)(function)
    return function


def judged_by(policy: Policy, windows: Mapping[str, str | None]) -> Policy:
    """Return a policy with the windows that were given. ConfigError for one that isn't of its form."""
    for name, text in windows.items():
        if text and name in {"stable_for", "timeout", "blind_for"}:
            policy = evolve(policy, **{name: parse_duration(text).total_seconds()})  # type: ignore[arg-type]
    if not policy.timeout:
        raise ConfigError("a timeout of 0 would change the cluster and give up at once", remedy="write it as 15m")
    crashes = windows.get("crashes")
    if not crashes:
        return policy
    if not (crashes.isascii() and crashes.isdecimal() and int(crashes)):
        raise ConfigError(f"'{crashes}' is not a number of crashes", remedy="write it as 1, 2, 3…")
    return evolve(policy, crashes=int(crashes))


@frozen
class Basis:
    """The policy that is judged by, where it is from, and the options that put something else in its place."""

    policy: Policy
    source: str
    overridden: tuple[str, ...]

    @classmethod
    def of(cls, source: str, policy: Policy, given: Mapping[str, Any]) -> Basis:
        """Return a policy with what was given put in its place. ConfigError for what isn't of its form."""
        windows = {name: value for name, value in given.items() if value}
        image_exists = windows.pop("image_exists", policy.image_exists)
        judged = evolve(judged_by(policy, windows), image_exists=image_exists)
        return cls(judged, source, tuple(name.replace("_", "-") for name, value in given.items() if value))

    def __str__(self) -> str:
        policy = self.policy
        given = f", overridden: {', '.join(self.overridden)}" if self.overridden else ""
        return (
            f"Policy ({self.source}{given}): stable-for {format_duration(policy.stable_for)}, "
            f"timeout {format_duration(policy.timeout)}, blind-for {format_duration(policy.blind_for)}, "
            f"crashes {policy.crashes}, image-exists {policy.image_exists}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return it for programs; times are seconds."""
        return {"source": self.source, "overridden": self.overridden, **policy_told(self.policy)}

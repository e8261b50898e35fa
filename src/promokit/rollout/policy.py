"""What a rollout is judged by."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from promokit.model import Environment

Answer = Literal["yes", "no", "unknown"]


@frozen
class Policy:
    """Windows and limits of a verdict, in seconds.

    `generation` and `template` are those that our patch made: conditions count from that generation on, and another
    template means that somebody else interfered, as another `uid` means that the Deployment was made anew; where they
    are empty, any is ours. `image_exists` is what the registry said of the image's digest.
    """

    generation: int = 0
    template: str = ""
    uid: str = ""
    stable_for: float = 10.0
    timeout: float = 900.0
    blind_for: float = 60.0
    crashes: int = 2
    image_exists: Answer = "unknown"
    config_missing_for: float = 3.0
    unschedulable_for: float = 20.0

    @classmethod
    def of(cls, environment: Environment) -> Policy:
        """Return the policy that an environment's settings ask for."""
        return cls(
            stable_for=environment.stable_for.total_seconds(),
            timeout=environment.timeout.total_seconds(),
            blind_for=environment.blind_for.total_seconds(),
            crashes=environment.crashes,
        )

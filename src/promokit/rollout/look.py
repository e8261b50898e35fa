"""A look at a pod, and what it comes to: a sign of trouble. Pure types, and the words that several rules ask for."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from promokit.cluster.objects import Container
from promokit.rollout.hearing import Heard
from promokit.rollout.policy import Policy
from promokit.rollout.room import LONG_AGO
from promokit.rollout.sighting import Sighting

NEVER = float("inf")


@frozen
class Sign:
    """A cause of failure: the reason word, where it was seen, and what it rests on.

    `due` is when it becomes a failure, in seconds since the change; before that it is only told. `rests_on` names the
    state, condition or Event.
    """

    reason: str
    due: float
    pod: str = ""
    container: str = ""
    exit_code: int | None = None
    message: str = ""
    count: int = 1
    rests_on: str = ""


@frozen
class Look:
    """A look at a pod: what is known of it, the Events about it, the policy and the time.

    `room_until` is until when pods that it takes the place of may still be ending, `freed_at` when the last one went.
    """

    sighting: Sighting
    heard: Sequence[Heard]
    policy: Policy
    now: float
    room_until: float = LONG_AGO
    freed_at: float = LONG_AGO

    def about(self, container: Container, reason: str) -> list[Heard]:
        """Return the Events of a reason about a container, and those that don't say about which."""
        return [
            each for each in self.heard if each.event.reason == reason and each.event.container in {"", container.name}
        ]

    def sign(self, reason: str, due: float, container: Container, **facts: object) -> Sign:
        """Return a sign of one of the pod's containers."""
        return Sign(reason, due, self.sighting.pod.name, container.name, **facts)  # type: ignore[arg-type]


def any_of(words: tuple[str, ...], message: str) -> bool:
    """Say whether a message holds one of the words."""
    return any(each in message for each in words)

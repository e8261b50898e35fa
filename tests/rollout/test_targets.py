"""Which workloads a recording's change made, whatever the recording begins with."""

from __future__ import annotations

from promokit.cluster.objects import Controller
from promokit.rollout.policy import Policy
from promokit.rollout.targets import targets
from promokit.rollout.timeline import Line
from tests.factories import deployment, rolling


def made(*seen: tuple[float, Controller]) -> dict[str, str]:
    """Return the templates that are ours, by workload."""
    ours, _ = targets([Line(t, each) for t, each in seen], Policy())
    return {str(name): policy.template for name, policy in ours.items()}


STUCK = rolling(template="old")


def test_a_rollout_that_was_under_way_before_is_not_ours() -> None:
    """A recording may begin at 0 with what was there: the template that is then seen to be new is ours."""
    changed = deployment(template="new", generation=3, observed_generation=2, total=3, updated=1)
    for first in (-0.5, 0.0, 0.001):
        assert made((first, STUCK), (0.01, changed)) == {"main-app/main-app": "new"}


def test_a_rollout_first_seen_under_way_after_the_change_is_ours() -> None:
    """The template that somebody else sets seconds later isn't."""
    changed = deployment(template="other", generation=3, observed_generation=2)
    assert made((0.3, rolling()), (3.4, changed)) == {"main-app/main-app": "new"}


def test_what_was_stuck_beside_our_change_is_not_ours() -> None:
    """Of several, only the one whose template was seen to be new."""
    beside = rolling(name="worker", images={"worker": "x"})
    assert made((0.0, beside), (0.0, deployment(template="old")), (0.1, rolling())) == {"main-app/main-app": "new"}


def test_what_wants_no_pods_or_keeps_some_by_its_partition_is_at_rest() -> None:
    """Neither was made by the change."""
    idle = deployment(name="idle", wanted=0)
    kept = deployment(name="store", kind="StatefulSet", wanted=3, updated=1, partition=2)
    assert made((0.0, idle), (0.0, kept), (0.0, deployment(template="old")), (0.1, rolling())) == {
        "main-app/main-app": "new"
    }


def test_two_containers_of_one_deployment_are_one_change() -> None:
    """Each gets its image by a patch of its own; another change of the same container isn't ours."""
    before = deployment(template="a", images={"app": "1", "proxy": "1"})
    first = deployment(template="b", images={"app": "2", "proxy": "1"}, generation=3, observed_generation=2)
    second = deployment(template="c", images={"app": "2", "proxy": "2"}, generation=4, observed_generation=2)
    other = deployment(template="d", images={"app": "3", "proxy": "1"}, generation=4, observed_generation=2)
    assert made((-1.0, before), (0.01, first), (0.03, second)) == {"main-app/app": "c"}
    assert made((-1.0, before), (0.01, first), (0.03, other)) == {"main-app/app": "b"}

"""Which pods of a DaemonSet are of its newest template: by number, or by hash after a rollback."""

from __future__ import annotations

from typing import Any

from promokit.cluster.newest import of_newest
from promokit.cluster.objects import TEMPLATE_GENERATION, Controller, Pod
from tests.factories import deployment, pod


def daemons(number: int, **changes: Any) -> Controller:
    return deployment(kind="DaemonSet", annotations={TEMPLATE_GENERATION: str(number)}, **changes)


def marked(name: str, number: int, template: str) -> Pod:
    return pod(name, revision=str(number), template=template)


def newest(controller: Controller, *pods: Pod) -> list[str]:
    return [each.name for each in filter(of_newest(controller, pods), pods)]


def test_pods_that_a_rollback_did_not_replace_are_of_the_newest_template() -> None:
    """They keep the number of before; the hash is that of the pod that was replaced."""
    pods = marked("a", 1, "good"), marked("b", 2, "bad"), marked("c", 3, "good")
    assert newest(daemons(3), *pods) == ["a", "c"]


def test_a_rollback_before_any_pod_was_replaced_has_all_of_them() -> None:
    """None has the newest number, and the DaemonSet counts all as updated."""
    assert newest(daemons(3), marked("a", 1, "good"), marked("b", 1, "good")) == ["a", "b"]
    assert newest(daemons(3, updated=0), marked("a", 1, "good"), marked("b", 1, "good")) == []


def test_what_has_the_number_just_before_is_not_of_the_newest_template() -> None:
    """Each number is another template than the one before, however late the new pods are seen."""
    assert newest(daemons(3), marked("a", 2, "old"), marked("b", 2, "old")) == []


def test_a_pod_without_a_hash_is_known_by_its_number() -> None:
    """Somebody has shortened it."""
    assert newest(daemons(3), marked("a", 2, ""), marked("b", 3, "")) == ["b"]

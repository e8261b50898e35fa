from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from promokit.cluster.objects import Condition, Controller, Pod, State
from promokit.identity.clock import Begun, running_since
from tests.factories import NOW, REPOSITORY, WORKLOAD, container, deployment, pod, replica_set, running


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def there(complete: float = 20, available: float = 22, **changes: Any) -> Controller:
    conditions = (
        Condition("Progressing", "True", "NewReplicaSetAvailable", since=ago(complete)),
        Condition("Available", "True", "MinimumReplicasAvailable", since=ago(available)),
    )
    return deployment(**{"conditions": conditions, **changes})


def ran(hours: float, name: str = "new-1", **changes: Any) -> Pod:
    parts = (container(state=running(ago(hours)), **changes),)
    return pod(name, *parts, conditions=(Condition("Ready", "True", since=ago(hours)),))


def since(controller: Controller | None, *pods: Pod) -> Begun:
    return running_since(WORKLOAD, controller, [replica_set(), replica_set("1")], pods)


CRASHED = container(state=State("waiting"), restarts=1, last=State("terminated", finished=ago(2)), ready=False)
ONE_CONDITION = (Condition("Progressing", "True", "NewReplicaSetAvailable", since=ago(20)),)


@pytest.mark.parametrize(
    ("controller", "pods", "hours", "what"),
    [
        (there(), (ran(21),), 20, "the rollout was complete"),
        (there(available=3), (ran(21),), 3, "it became Available"),
        (there(), (ran(21), ran(21, "new-2", restarts=4)), 20, "the rollout was complete"),
        (there(), (ran(21), ran(5, "new-2", restarts=1)), 5, "main-app of new-2 restarted"),
        (there(), (ran(21), pod("new-2", CRASHED)), 2, "main-app of new-2 restarted"),
        (there(), (ran(21), ran(1, "new-2")), 20, "the rollout was complete"),
        (there(), (ran(6), ran(1, "new-2")), 6, "its oldest pod began"),
        (
            there(images={"main-app": f"{REPOSITORY}:2026.11.24.0001"}),
            (ran(21), ran(7, "n")),
            7,
            "its newest pod began",
        ),
        (deployment(), (ran(21), ran(7, "n")), 7, "its newest pod began"),
        (deployment(conditions=ONE_CONDITION), (ran(21), ran(4, "n")), 4, "its pods became Ready"),
        (there(), (ran(21), evolve(ran(1, "old", restarts=1), owner="rs1")), 20, "the rollout was complete"),
    ],
)
def test_the_clock_starts_at_the_latest_break_that_shows(
    controller: Controller, pods: tuple[Pod, ...], hours: float, what: str
) -> None:
    """Rollout, restart, not Available, another digest; more pods than before are no break, all of them new are."""
    found = since(controller, *pods)
    assert found.at == ago(hours)
    assert found.what.startswith(what)


@pytest.mark.parametrize(
    ("controller", "pods", "why"),
    [
        (None, (ran(21),), "no such workload"),
        (there(), (), "no pod is Ready"),
        (there(conditions=(Condition("Available", "False", since=ago(1)),)), (ran(21),), "Available"),
        (there(), (ran(21), pod("n", container(restarts=1, state=State("waiting"), ready=False))), "restarted"),
        (deployment(), (ran(21), pod("n", container(state=State("running")))), "newest pod"),
        (deployment(conditions=ONE_CONDITION), (ran(21), pod("n", container(state=running(ago(3))))), "Ready"),
    ],
)
def test_what_cannot_be_shown_starts_no_clock(controller: Controller | None, pods: tuple[Pod, ...], why: str) -> None:
    """A time that nobody tells is never guessed."""
    found = since(controller, *pods)
    assert found.at is None
    assert why in found.what


def test_an_init_container_that_was_tried_again_is_no_break() -> None:
    """It did so before its pod ran; a sidecar runs beside it and counts."""
    init = container("wait-for-db", restarts=9, init=True, state=State("terminated", started=ago(1)))
    sidecar = container("proxy", restarts=1, init=True, sidecar=True, state=running(ago(1)))
    main = container(state=running(ago(21)))
    assert since(there(), pod("new-1", init, main)).at == ago(20)
    assert since(there(), pod("new-1", sidecar, main)).at == ago(1)


HOURS = st.integers(0, 100)


@given(HOURS, HOURS, st.lists(st.tuples(HOURS, st.booleans()), min_size=1, max_size=5))
def test_no_break_comes_after_the_clocks_start(complete: int, available: int, pods: list[tuple[int, bool]]) -> None:
    """It is never earlier than anything that is known to break a bake."""
    found = since(there(complete, available), *(ran(h, f"p{n}", restarts=int(r)) for n, (h, r) in enumerate(pods)))
    breaks = [complete, available, *(hours for hours, restarted in pods if restarted)]
    assert found.at == ago(min([*breaks, max(hours for hours, _ in pods)]))

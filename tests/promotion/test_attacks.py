from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve

from promokit.errors import Refused
from promokit.promotion.apply import apply, apply_rollout
from promokit.promotion.plan import Plan, decode
from promokit.promotion.planning import plan
from promokit.promotion.record import hold
from promokit.promotion.rollback import rollback
from tests.github.documents import account, run
from tests.promotion.github_side import OUR_RUN
from tests.promotion.journey import PROD, REVISION, SANDBOX, Promotion, Serve
from tests.promotion.scene import FIRST, SECOND, Scene

Attack = Callable[[Promotion, Plan], str]


def again(there: Promotion, made: Plan) -> str:
    there.run(SANDBOX, there.scene.registry.add("2026.11.25.0002", REVISION))
    return made.encode()


def rolled_back(there: Promotion, made: Plan) -> str:
    assert rollback(there.prod, clients=there.clients).succeeded
    return made.encode()


def held(there: Promotion, made: Plan) -> str:
    assert made.image is not None
    assert made.image.digest is not None
    hold(there.prod, made.image.digest, reason="it lost money", clients=there.clients)
    return made.encode()


def by_hand(there: Promotion, made: Plan) -> str:
    there.run(PROD, there.scene.images[FIRST], "worker-app")
    return made.encode()


def by_hand_and_back(there: Promotion, made: Plan) -> str:
    there.run(PROD, there.scene.images[FIRST], "worker-app")
    there.run(PROD, there.image, "worker-app")
    return made.encode()


def expired(there: Promotion, made: Plan) -> str:
    return evolve(made, created=made.created - timedelta(hours=25)).encode()


def edited(there: Promotion, made: Plan) -> str:
    other = evolve(made, image=there.scene.images[FIRST])
    return evolve(other, created=made.created + timedelta(seconds=1)).encode()


def attempt_2(there: Promotion, made: Plan) -> str:
    ours = run(id=OUR_RUN, run_attempt=2, triggering_actor=account())
    there.github.documents[f"/actions/runs/{OUR_RUN}"] = [ours]
    return made.encode()


def kept_for_days(there: Promotion, made: Plan) -> str:
    """Its time was edited and hashed anew."""
    ours = run(id=OUR_RUN, triggering_actor=account(), created_at="2026-01-02T03:04:05Z")
    there.github.documents[f"/actions/runs/{OUR_RUN}"] = [ours]
    return made.encode()


def promoted(scene: Scene, serve: Serve) -> tuple[Promotion, Plan]:
    """PROD runs a first release by promokit, SANDBOX a second one, and the plan for it is made and allowed."""
    there = Promotion(scene, serve)
    assert apply(plan(there.prod, clients=there.clients), clients=there.clients, wait=0).succeeded
    there.run(SANDBOX, scene.registry.add("2026.11.25.0001", REVISION))
    made = plan(there.prod, clients=there.clients)
    assert made.allowed
    return there, made


@pytest.mark.parametrize(
    ("attack", "told"),
    [
        (again, "image of sandbox was .*2026.11.25.0001.*, is .*2026.11.25.0002"),
        (rolled_back, "main-app/main-app of prod was .*2026.11.24.0002.*, is .*1111@.*; worker-app/worker of prod was"),
        (held, "hold: .*it lost money"),
        (by_hand, "worker-app/worker of prod was .*2026.11.24.0002.*, is .*1111"),
        (expired, "has expired"),
        (edited, "image of sandbox was"),
        (attempt_2, "approvals: this is attempt 2"),
        (kept_for_days, "approvals: this run began at 2026-01-02"),
    ],
)
def test_what_happens_between_plan_and_apply_refuses(scene: Scene, serve: Serve, attack: Attack, told: str) -> None:
    """Exit 3 with what has changed; nothing is changed by it."""
    there, made = promoted(scene, serve)
    text = attack(there, made)
    before = there.state()
    with pytest.raises(Refused, match=told) as caught:
        apply_rollout(there.prod, decode(text), clients=there.clients, wait=0)
    assert caught.value.exit_code == 3
    assert caught.value.remedy
    assert there.state() == before


def test_what_was_changed_by_hand_and_back_is_what_was_planned(scene: Scene, serve: Serve) -> None:
    """The plan holds again: it says what ran, and that runs."""
    there, made = promoted(scene, serve)
    text = by_hand_and_back(there, made)
    assert apply_rollout(there.prod, decode(text), clients=there.clients, wait=0).succeeded


def test_a_plan_that_nobody_approves_and_that_was_made_younger_does_no_more_than_a_new_one(
    scene: Scene, serve: Serve
) -> None:
    """Where no approvals are asked for, whoever may apply a plan may make one: each is compared and judged now."""
    there = Promotion(scene, serve, approvals=None)
    made = plan(there.prod, clients=there.clients)
    old = evolve(made, created=made.created - timedelta(days=30))
    younger = evolve(old, created=made.created).encode()
    held(there, made)
    with pytest.raises(Refused, match=r"hold: .*it lost money"):
        apply_rollout(there.prod, decode(younger), clients=there.clients, wait=0)
    there.run(SANDBOX, scene.registry.add("2026.11.25.0001", REVISION))
    with pytest.raises(Refused, match="image of sandbox was"):
        apply_rollout(there.prod, decode(younger), clients=there.clients, wait=0)


def test_a_migration_that_was_edited_after_the_plan_refuses_it(scene: Scene, tmp_path: Path) -> None:
    """What reviewers saw is the template as it was."""
    there = scene.with_migration(tmp_path)
    made = there.planned(SECOND)
    template = tmp_path / "job.yaml"
    template.write_text(template.read_text().replace("name: m", "name: m2"))
    before = scene.state()
    with pytest.raises(Refused, match="migration template was"):
        apply(made, clients=scene.clients, wait=0)
    assert scene.state() == before

"""After a rollback pods of the newest template may have been there before the change: what they told then is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from promokit.cluster.objects import Condition, Pod
from tests.factories import NOW, container, deployment, failing, pod, replica_set, terminated, waiting
from tests.rollout.judging import Seen, word
from tests.rollout.test_failures import FORBIDDEN, PENDING, story


@pytest.mark.parametrize(
    ("before", "last", "reason"),
    [
        (PENDING, 19.9, "unschedulable"),
        (failing(state=waiting("CreateContainerConfigError", 'secret "db" not found')), 2.9, "config-missing"),
    ],
)
def test_what_was_amiss_before_a_rollback_is_counted_from_the_rollback(before: Pod, last: float, reason: str) -> None:
    """A pod of the old ReplicaSet that is the newest again: what kept it waiting may go with what is replaced."""
    seen = story((-60.0, before))
    assert word(last, *seen) == "progressing: waiting"
    assert word(last + 0.1, *seen) == f"failed: {reason}"


def test_a_pull_that_was_refused_before_a_rollback_is_not_counted() -> None:
    """Two refusals since are what it takes."""
    refused = failing(state=waiting("ErrImagePull", FORBIDDEN), image_id="")
    back_off = failing(state=waiting("ImagePullBackOff", FORBIDDEN), image_id="")
    seen = story((-40.0, refused), (-39.0, back_off), (-20.0, refused), (-19.0, back_off), (9.0, refused))
    assert word(10.0, *seen) == "progressing: waiting"


@pytest.mark.parametrize(("ready_for", "second"), [(3600.0, 0.5), (290.0, 9.0)])
def test_pods_that_were_ready_long_before_a_rollback_are_stable(ready_for: float, second: float) -> None:
    """By their own word, which is trusted to five minutes; else since they were first seen. A restart ends it."""
    condition = Condition("Ready", "True", since=NOW - timedelta(seconds=ready_for))
    kept = [pod(name, conditions=(condition,)) for name in ("new-1", "new-2")]
    before: list[Seen] = [(-1.0, replica_set("1", created=NOW)), *((-1.0, each) for each in kept)]
    seen: list[Seen] = [*before, (0.1, replica_set()), (0.2, deployment())]
    assert word(second, *seen) == "succeeded: complete"
    assert word(second - 0.1, *seen) == ("progressing: stabilizing" if second > 1 else "succeeded: complete")
    again = pod("new-1", container(restarts=1, last=terminated(1)), conditions=(condition,))
    assert word(9.0, *seen, (0.3, again)) == "progressing: stabilizing"

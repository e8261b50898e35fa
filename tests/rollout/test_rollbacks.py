"""After a rollback pods of the newest template may have been there before the change: what they told then is over."""

from __future__ import annotations

import pytest

from promokit.cluster.objects import Pod
from tests.factories import failing, waiting
from tests.rollout.judging import word
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

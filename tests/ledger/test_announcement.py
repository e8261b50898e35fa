from typing import Any

import pytest

from promokit.ledger.announcement import announcement
from promokit.ledger.record import entry
from promokit.rollout.hearing import TELLING
from tests.factories import NOW, image

RUN = "https://github.com/acme/credreg/actions/runs/7"


def start(kind: str = "promotion", **facts: Any) -> dict[str, Any]:
    return entry("opened", kind, "1", NOW, image=str(image()), actor="alice", run=RUN, **facts)


def end(outcome: str, **facts: Any) -> dict[str, Any]:
    return entry("closed", "promotion", "1", NOW, outcome=outcome, **facts)


@pytest.mark.parametrize(
    ("kind", "last", "reason", "message", "warns"),
    [
        (
            *("promotion", end("succeeded", reason="complete"), "PromokitPromotionSucceeded"),
            *(f"promotion to 2026.11.24.0001 succeeded, by alice, {RUN}", False),
        ),
        (
            *("rollout", end("failed", reason="crash-loop", rolled_back=True), "PromokitRolloutFailed"),
            f"rollout to 2026.11.24.0001 failed (crash-loop); it was rolled back by itself, by alice, {RUN}",
            True,
        ),
        (
            *("rollback", end("timed_out", reason="timeout"), "PromokitRollbackTimedOut"),
            *(f"rollback to 2026.11.24.0001 timed out (timeout), by alice, {RUN}", True),
        ),
        (
            *("promotion", end("inconclusive", reason="superseded"), "PromokitPromotionInconclusive"),
            *(f"promotion to 2026.11.24.0001 inconclusive (superseded), by alice, {RUN}", True),
        ),
    ],
)
def test_it_says_what_was_done_how_it_ended_and_by_whom(
    kind: str, last: dict[str, Any], reason: str, message: str, warns: bool
) -> None:
    """The reason is one word that tools can select by."""
    told = announcement(start(kind), last)
    assert (told.reason, told.message, told.warns) == (reason, message, warns)


def test_a_long_story_has_room_in_an_event() -> None:
    """Whatever somebody is called."""
    assert len(announcement({"actor": "x" * 5000}, {}).message) <= 1000


def test_no_rule_of_a_rollout_rests_on_it() -> None:
    """A rollout is followed by Events too: promokit's own say nothing about pods."""
    kinds, outcomes = ("rollout", "promotion", "rollback", "migration"), ("succeeded", "failed", "timed_out", "x")
    reasons = {announcement(start(kind), end(outcome)).reason for kind in kinds for outcome in outcomes}
    assert not reasons & TELLING
    assert all(each.startswith("Promokit") for each in reasons)

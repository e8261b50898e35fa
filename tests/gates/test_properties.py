from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promokit.freeze_windows import FreezeWindow
from promokit.gates.facts import Unknown
from promokit.gates.judging import judge_all
from tests.factories import NOW, digest
from tests.gates import making
from tests.gates.making import BOT, CAROL, comparison, facts, held, ledger, old, review, run, standing, workload

DARK = Unknown("it could not be asked")
NEW = standing("sandbox", workload(since=NOW - timedelta(hours=1)), workload("worker-app/worker"))
BAD: dict[str, list[Any]] = {
    "source": [standing("sandbox", workload(outcome="failed")), standing("sandbox", migrated=False), NEW, DARK],
    "image": [None],
    "target": [standing("prod"), DARK],
    "ci": [{"ci.yaml": ()}, {"ci.yaml": (run(id=3, conclusion="failure"),)}, {"ci.yaml": DARK}],
    "comparison": [comparison("diverged"), DARK, None],
    "immutable": [False, None, DARK],
    "label": ["d" * 40, DARK],
    "revision": [""],
    "holds": [held(digest()), DARK],
    "recorded": [ledger("c"), DARK],
    "nodes": [("linux/s390x",), DARK],
    "platforms": [(), ("linux/amd64",), DARK],
    "environment": [making.prod(freeze=(FreezeWindow(dates="2026-11-24 to 2026-11-24"),))],
    "overrides": [DARK],
    "ref": ["refs/heads/fix"],
    "approvals": [
        None,
        DARK,
        making.approvals(review(CAROL, "prod")),
        making.approvals(review(BOT, "prod"), review(CAROL, "prod-approval")),
        making.approvals(by=run(attempt=2)),
    ],
}
ONE_BAD = st.sampled_from([(key, value) for key, values in BAD.items() for value in values])


@given(st.lists(ONE_BAD, min_size=1, max_size=4), st.booleans())
def test_a_bad_fact_never_lets_a_promotion_through(bad: list[tuple[str, Any]], final: bool) -> None:
    """Some gate stops it, and adding another bad fact makes no gate's refusal allowed."""
    words: dict[str, str] = {}
    changes: dict[str, Any] = {"final": True}
    for key, value in bad:
        if key in changes:
            continue
        changes[key] = value
        answers = judge_all(facts(**changes))
        assert {each.word for each in answers} & {"refused", "unknown"}
        for each in answers:
            assert not (words.get(each.gate) == "refused" and each.word == "allowed")
            words[each.gate] = each.word


@given(st.lists(ONE_BAD, max_size=5), st.booleans())
def test_every_answer_that_stops_has_a_sentence_and_a_remedy(bad: list[tuple[str, Any]], final: bool) -> None:
    """Nobody is stopped without being told why and what to do."""
    for each in judge_all(facts(**dict(bad), final=final)):
        assert each.sentence
        assert each.word == "allowed" or each.remedy


@given(st.lists(st.sampled_from(["alice", "bob", "carol", "renovate"]), max_size=4))
def test_more_reviews_by_the_same_people_never_add_up(logins: list[str]) -> None:
    """However often one approves, two different people are needed, none of them the actor or a bot."""
    people = {"alice": making.ALICE, "bob": making.BOB, "carol": CAROL, "renovate": BOT}
    reviews = [review(people[each], "prod-approval", "prod") for each in logins] or [review(BOT, "prod")]
    answer = judge_all(facts(approvals=making.approvals(*reviews)))[-1]
    assert (answer.word == "allowed") == ({"bob", "carol"} <= set(logins))


def test_without_bad_facts_everything_is_allowed() -> None:
    """The promotion that the tests spoil is a good one."""
    assert {each.word for each in judge_all(facts())} == {"allowed"}
    half = facts(target=standing("prod", workload(), old("worker-app/worker")), recorded=ledger("a", "b"))
    assert {each.word for each in judge_all(half)} == {"allowed"}

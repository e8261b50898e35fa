import datetime
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.errors import Unreachable
from promokit.github.answers import (
    read_branch_policy,
    read_comparison,
    read_environment,
    read_review,
    read_run,
)
from promokit.github.types import Account, Commit, EnvironmentSettings, Review
from tests.github.documents import SHA, account, commit, comparison, environment, review, run


def test_a_run_is_read() -> None:
    """The workflow's path without the ref that GitHub appends, the time aware and in UTC."""
    read = read_run(run(created_at="2026-01-02T04:04:05+01:00"))
    assert (read.id, read.number, read.attempt, read.sha, read.branch) == (7, 12, 1, SHA, "master")
    assert read.actor == Account("alice", "User", 1)
    assert read.triggering_actor == Account("bob", "User", 2)
    assert read.workflow_path == ".github/workflows/ci.yaml"
    assert (read.event, read.status, read.conclusion) == ("push", "completed", "success")
    assert read.created_at == datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


def test_what_a_run_may_leave_out_is_none() -> None:
    """No triggering actor, no branch, no conclusion yet."""
    read = read_run(run(triggering_actor=None, head_branch=None, conclusion=None, status="queued"))
    assert (read.triggering_actor, read.branch, read.conclusion) == (None, None, None)


NEEDED = [
    "id",
    "run_attempt",
    "run_number",
    "actor",
    "head_sha",
    "event",
    "path",
    "status",
    "html_url",
    "created_at",
]


@pytest.mark.parametrize("field", NEEDED)
@pytest.mark.parametrize("value", [None, [], True])
def test_a_run_without_a_needed_field_is_unknown(field: str, value: object) -> None:
    """Never a default: a missing actor must not become somebody who may approve."""
    with pytest.raises(Unreachable, match="doesn't tell"):
        read_run(run(**{field: value}))


@pytest.mark.parametrize("text", ["yesterday", "2026-01-02T03:04:05"])
def test_a_time_without_zone_is_unknown(text: str) -> None:
    """It could be any hour."""
    with pytest.raises(Unreachable, match="created_at"):
        read_run(run(created_at=text))


def test_a_review_is_read() -> None:
    """Who, what, and for which environments."""
    expected = Review("approved", Account("bob", "User", 2), ("prod-approval", "prod"), "Ship it")
    assert read_review(review()) == expected


@pytest.mark.parametrize("more", [{"user": None}, {"state": None}, {"environments": None}, {"environments": [{}]}])
def test_a_review_without_its_user_state_or_environments_is_unknown(more: dict[str, Any]) -> None:
    """A review by a deleted account counts for nobody."""
    with pytest.raises(Unreachable):
        read_review(review(**more))


def test_an_environment_is_read() -> None:
    """Users and teams count as reviewers each."""
    expected = EnvironmentSettings("prod", True, 2, True, False, False, True)
    assert read_environment(environment()) == expected


def test_an_environment_without_protection_says_so() -> None:
    """No rules, and a policy of null: every branch may deploy."""
    read = read_environment(environment(protection_rules=[], deployment_branch_policy=None))
    assert (read.required_reviewers, read.reviewers, read.prevent_self_review) == (False, 0, None)
    assert (read.protected_branches, read.custom_branch_policies) == (False, False)


def test_what_an_environment_does_not_tell_is_none() -> None:
    """Unknown isn't false."""
    document = environment(protection_rules=[{"type": "required_reviewers", "reviewers": []}])
    del document["can_admins_bypass"], document["deployment_branch_policy"]
    read = read_environment(document)
    assert (read.required_reviewers, read.reviewers, read.prevent_self_review) == (True, 0, None)
    assert (read.admins_can_bypass, read.protected_branches, read.custom_branch_policies) == (
        None,
        None,
        None,
    )


def test_an_environment_without_its_rules_is_unknown() -> None:
    """A missing list isn't an empty one."""
    document = environment()
    del document["protection_rules"]
    with pytest.raises(Unreachable, match="protection_rules"):
        read_environment(document)


@pytest.mark.parametrize(
    ("policy", "pattern"),
    [
        ({"name": "master"}, "master"),
        ({"name": "release/*", "type": "branch"}, "release/*"),
        ({"name": "master", "type": "tag"}, "refs/tags/master"),
    ],
)
def test_a_policy_for_tags_is_never_taken_for_a_branch(policy: dict[str, Any], pattern: str) -> None:
    """A tag named like the branch would open the environment."""
    assert read_branch_policy(policy) == pattern


def test_a_comparison_has_the_first_lines_of_its_commits() -> None:
    """The author's login, else the name in the commit."""
    commits: list[object] = [commit(1), commit(2, author=None)]
    read = read_comparison(comparison(), commits)
    assert (read.status, read.ahead_by, read.behind_by) == ("ahead", 0, 0)
    assert read.commits == (
        Commit(f"{1:040x}", "Change 1", "alice"),
        Commit(f"{2:040x}", "Change 2", "Alice A."),
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
READERS: list[tuple[Callable[[object], object], dict[str, Any]]] = [
    (read_run, run()),
    (read_review, review()),
    (read_environment, environment()),
    (lambda document: read_comparison(document, [document, commit(1)]), {**comparison(), **commit(1)}),
]


@given(st.sampled_from(READERS), st.data())
def test_no_answer_crashes_a_reader(
    reader: tuple[Callable[[object], object], dict[str, Any]], data: st.DataObject
) -> None:
    """A field of any other type is unknown, or not needed."""
    read, document = reader
    changed = {**document, data.draw(st.sampled_from(sorted(document))): data.draw(JSON)}
    try:
        answer = read(changed)
    except Unreachable:
        return
    assert answer is not None


@pytest.mark.parametrize(
    ("read", "document"),
    [
        (read_run, run()),
        (read_run, run(status="waiting for the moon", conclusion="eclipsed", event="new_event")),
        (read_review, review()),
        (read_review, review(state="something new")),
        (read_environment, environment()),
        (read_branch_policy, {"name": "master"}),
        (lambda document: read_comparison(document, [{**commit(1), "new": 1}]), comparison(status="something new")),
    ],
)
def test_what_github_adds_is_let_through(read: Callable[[object], object], document: dict[str, Any]) -> None:
    """Fields that we don't know change nothing; values that we don't know are kept as they are told."""
    assert read({**document, "new_field": {"x": [1]}}) == read(document)
    assert read(document)


def test_a_kind_of_protection_that_we_do_not_know_is_let_through() -> None:
    """Custom rules and such: the required reviewers are read all the same."""
    rules = [*environment()["protection_rules"], {"id": 9, "type": "something_new", "reviewers": 7}]
    assert read_environment(environment(protection_rules=rules)) == read_environment(environment())


def test_a_bot_is_told_as_what_it_is() -> None:
    """GitHub's type of the account."""
    assert read_run(run(actor=account("robot[bot]", "Bot", 3))).actor.kind == "Bot"

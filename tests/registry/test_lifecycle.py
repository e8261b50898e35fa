import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.errors import PromokitError, Unreachable
from promokit.registry.lifecycle import Rule, threat_to

RELEASE, COMMIT = "2026.01.02.0003", "c0ffee" + "0" * 34
WHERE = "registry.example/app"


def rule(priority: int = 1, action: str = "expire", **selection: Any) -> dict[str, Any]:
    chosen = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 50, **selection}
    return {"rulePriority": priority, "selection": chosen, "action": {"type": action}}


def threat(*rules: dict[str, Any], tags: tuple[str, ...] = (RELEASE, COMMIT)) -> Rule | None:
    return threat_to(tags, json.dumps({"rules": rules}), WHERE)


@pytest.mark.parametrize(
    "selection",
    [
        {},
        {"tagStatus": "tagged", "tagPrefixList": ["2026."]},
        {"tagStatus": "tagged", "tagPrefixList": ["2026.", "c0ffee"]},
        {"tagStatus": "tagged", "tagPatternList": ["*"]},
        {"tagStatus": "tagged", "tagPatternList": ["20*.*.000*"]},
        {"tagStatus": "tagged", "tagPatternList": [RELEASE]},
    ],
)
def test_a_rule_that_selects_an_image_is_a_threat(selection: dict[str, Any]) -> None:
    """Any image, or by prefix or pattern; of several all must match, each by some tag."""
    assert threat(rule(**selection)) == Rule(1, "deletes all but the newest 50")


@pytest.mark.parametrize(
    "selection",
    [
        {"tagStatus": "untagged"},
        {"tagStatus": "tagged", "tagPrefixList": ["feature-"]},
        {"tagStatus": "tagged", "tagPrefixList": ["2026.", "feature-"]},
        {"tagStatus": "tagged", "tagPatternList": ["026*"]},
        {"tagStatus": "tagged", "tagPatternList": ["2026.0."]},
        {"tagStatus": "tagged"},
    ],
)
def test_a_rule_that_selects_others_is_none(selection: dict[str, Any]) -> None:
    """Untagged images, or other tags."""
    assert threat(rule(**selection)) is None


def test_a_tag_belongs_to_the_first_rule_that_matches_it() -> None:
    """By priority, not by order: a later rule never gets the image."""
    by_age = rule(7, countType="sinceImagePushed", countUnit="days", countNumber=90)
    kept_long = rule(2, tagStatus="tagged", tagPrefixList=["2026."], countNumber=1000)
    assert threat(by_age, kept_long) == Rule(2, "deletes all but the newest 1000")
    assert threat(by_age, kept_long, tags=("edge",)) == Rule(7, "deletes them 90 days after their push")


def test_a_rule_that_archives_is_told_as_such() -> None:
    """An archived image can't be pulled either."""
    pulled = rule(1, "transition", countType="sinceImagePulled", countUnit="days", countNumber=30)
    assert threat(pulled) == Rule(1, "archives them 30 days after their last pull")


def test_an_image_without_tags_is_left_alone() -> None:
    """An index's own images go only after it."""
    assert threat(rule(), tags=()) is None


@pytest.mark.parametrize(
    "policy", ["", "{", "[]", '{"rules": [{}]}', '{"rules": [{"selection": 1, "rulePriority": 1}]}']
)
def test_a_policy_of_another_form_is_unknown(policy: str) -> None:
    """AWS may add to it; nothing is guessed then."""
    with pytest.raises(Unreachable):
        threat_to([RELEASE], policy, WHERE)


VALUES = st.recursive(
    st.none() | st.integers() | st.sampled_from(["any", "tagged", "*", "["]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["rulePriority", "selection", "tagStatus", "tagPatternList", "action"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=3))
def test_no_policy_crashes_the_reader(rules: list[Any]) -> None:
    """Read, or promokit's own error."""
    with suppress(PromokitError):
        threat_to([RELEASE], json.dumps({"rules": rules}), WHERE)

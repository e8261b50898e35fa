"""Which images the lifecycle policy of an ECR repository could delete. Pure.

Rules: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html, "How lifecycle policies work" and
"Lifecycle policy properties".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from promokit.errors import Unreachable

_VERBS = {"expire": "deletes", "transition": "archives"}


@frozen
class Rule:
    """A rule by its priority; `does` says in words what becomes of the images that it selects, and when."""

    priority: int
    does: str


def threat_to(tags: Iterable[str], policy: str, where: str) -> Rule | None:
    """Return the rule that selects an image with these tags, if there is one; sooner or later its count or age comes.

    An image is selected by the first rule, in the order of their priorities, whose tags it matches, and by no other.
    One without tags is left alone here: an index's own images can't be deleted before the index. Unreachable when the
    policy isn't one that this can read.
    """
    try:
        rules = sorted(json.loads(policy)["rules"], key=lambda each: int(each["rulePriority"]))
        return _first(rules, tuple(tags))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unreachable(
            "the lifecycle policy can't be read", where=where, remedy="look at it in the ECR console"
        ) from None


def _first(rules: Sequence[Mapping[str, Any]], tags: tuple[str, ...]) -> Rule | None:
    selecting = (each for each in rules if _selects(each["selection"], tags))
    return next((Rule(int(each["rulePriority"]), _does(each)) for each in selecting), None)


def _selects(selection: Mapping[str, Any], tags: tuple[str, ...]) -> bool:
    """Several prefixes or patterns of one rule must all be matched, each by some tag."""
    status = selection.get("tagStatus")
    if status != "tagged":
        return status == "any" and bool(tags)
    wanted = [re.escape(each) + ".*" for each in selection.get("tagPrefixList") or ()]
    wanted += [re.escape(each).replace(r"\*", ".*") for each in selection.get("tagPatternList") or ()]
    return bool(wanted) and all(any(re.fullmatch(pattern, tag) for tag in tags) for pattern in wanted)


def _does(rule: Mapping[str, Any]) -> str:
    selection, action = rule["selection"], str(rule["action"]["type"])
    verb = _VERBS.get(action, action)
    number = selection.get("countNumber")
    if selection.get("countType") == "imageCountMoreThan":
        return f"{verb} all but the newest {number}"
    since = {"sinceImagePushed": "their push", "sinceImagePulled": "their last pull"}
    return (
        f"{verb} them {number} {selection.get('countUnit', 'days')} after {since.get(selection.get('countType'), 'it')}"
    )

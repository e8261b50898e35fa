"""drift: the target runs what its ledger says. A change made by hand refuses until somebody takes it over."""

from __future__ import annotations

from collections.abc import Mapping

from promokit.gates.answer import Answer, allowed, refused, unknown
from promokit.gates.facts import Facts, Unknown
from promokit.image import tag_in

NAME = "drift"


def judge(facts: Facts) -> Answer | None:
    """Compare the images that the target's workloads are set to with those of its ledger."""
    target, recorded = facts.target, facts.recorded
    if isinstance(target, Unknown):
        return unknown(NAME, target.why, target.remedy)
    if isinstance(recorded, Unknown):
        return unknown(NAME, recorded.why, recorded.remedy)
    if not recorded:
        return allowed(NAME, f"the ledger of {target.environment} doesn't tell yet what runs there")
    moved = [
        f"{each.name} is set to {each.image or 'nothing'}, not to {' or '.join(recorded[each.name])}"
        for each in target.workloads
        if each.name in recorded and not any(_same(each.image, image) for image in recorded[each.name])
    ]
    if not moved:
        return allowed(NAME, f"{target.environment} runs what its ledger says")
    back = f"promokit rollback {target.environment}{_to(recorded)}"
    remedy = f"go back with {back}, or take it over: promokit adopt {target.environment} --reason …"
    return refused(NAME, f"changed by hand: {'; '.join(moved)}", remedy)


def _to(recorded: Mapping[str, tuple[str, ...]]) -> str:
    """Name the tag that is recorded of all: without one a rollback may refuse to guess which way is back."""
    images = {image for each in recorded.values() for image in each}
    tags = {tag_in(image) for image in images}
    return f" --to {tags.pop()}" if len(images) == 1 and tags != {""} else ""


def _same(image: str, other: str) -> bool:
    """A digest says what runs; without one in both, the whole name must be the same."""
    digests = image.partition("@")[2], other.partition("@")[2]
    return digests[0] == digests[1] if all(digests) else image == other

"""Which digests may run in an environment, by its ledger: for an admission policy to compare images with. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from promokit.image import tag_in
from promokit.ledger.lines import Line
from promokit.ledger.record import digest_in, holds, in_order, recorded, succeeded, texts, unfinished

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def allowed(lines: Sequence[Line]) -> dict[str, str]:
    """Return the digests that may run, as keys of a ConfigMap (`sha256-…`), each with the tag of its image.

    They are those that succeeded or were taken over here and aren't held by anybody, what the newest operation may have
    left there, and, held or not, what an operation that is open brings and may go back to.
    """
    held = holds(lines)
    known = [each for each in _known(lines) if digest_in(each) not in held]
    return {
        digest_in(image).replace(":", "-"): tag_in(image)
        for image in sorted({*known, *_under_way(lines)})
        if _DIGEST.fullmatch(digest_in(image))
    }


def _known(lines: Sequence[Line]) -> Iterator[str]:
    yield from (each.image for each in succeeded(lines))
    for each in in_order(lines):
        if each.get("kind") == "adopt":
            yield from texts(each.get("images")).values()
    for images in recorded(lines).values():
        yield from images


def _under_way(lines: Sequence[Line]) -> Iterator[str]:
    """What a rollback leaves, it doesn't go back to."""
    for each in unfinished(lines):
        yield str(each.get("image", ""))
        yield from texts(each.get("images")).values()
        if each.get("kind") != "rollback":
            yield from texts(each.get("previous")).values()

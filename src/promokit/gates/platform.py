"""platform: the image has each platform that the target's nodes are, where nodes may be read."""

from __future__ import annotations

from collections.abc import Iterable

from promokit.gates.answer import Answer, allowed, refused, unknown
from promokit.gates.facts import Facts, Unknown

NAME = "platform"


def judge(facts: Facts) -> Answer | None:
    """Judge the image by the target's nodes; allowed, and told as not judged, where they may not be read."""
    nodes, platforms = facts.nodes, facts.platforms
    if nodes is None:
        return allowed(NAME, "not judged: this role may not read nodes", judged=False)
    if isinstance(nodes, Unknown):
        return unknown(NAME, nodes.why, nodes.remedy)
    if not nodes:
        return allowed(NAME, "there is no node yet")
    return _judged(nodes, platforms, facts.environment.name)


def _judged(nodes: tuple[str, ...], platforms: tuple[str, ...] | Unknown, where: str) -> Answer:
    if isinstance(platforms, Unknown):
        return unknown(NAME, platforms.why, platforms.remedy)
    if not platforms:
        return unknown(NAME, "the registry doesn't tell the image's platforms", "run this again")
    lacks = lacking(nodes, platforms)
    if not lacks:
        return allowed(NAME, f"the image has {', '.join(nodes)}, which the nodes are")
    sentence = f"the image lacks {', '.join(lacks)}, which some nodes of {where} are"
    return refused(NAME, sentence, "build it for that platform too, or take those nodes out", lacking=lacks)


def lacking(nodes: Iterable[str], platforms: Iterable[str]) -> list[str]:
    """Return what nodes are and an image isn't. A node tells no variant: linux/arm/v7 is enough for linux/arm."""
    has = {"/".join(each.split("/")[:2]) for each in platforms}
    return [each for each in nodes if each not in has]

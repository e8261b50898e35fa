"""origin: the image is from the configured repository, its tags can't move, and its commit is on the branch."""

from __future__ import annotations

from collections.abc import Callable

from promokit.gates.answer import Answer, allowed, refused, unknown
from promokit.gates.facts import NO_IMAGE, Facts, Unknown
from promokit.image import ImageRef

NAME = "origin"


def judge(facts: Facts) -> Answer | None:
    """Judge where an image comes from. An environment without a source takes any allowed repository and branch."""
    image = facts.image
    if image is None:
        return unknown(NAME, NO_IMAGE.why, NO_IMAGE.remedy)
    if problem := _repository(image, facts):
        return problem
    if facts.environment.source is None:
        return allowed(NAME, f"{image.repository} is allowed in {facts.environment.name}")
    rules: tuple[Callable[[Facts], Answer | None], ...] = (_ref, _immutable, _label, _on_branch)
    answers = [each for each in (_released(image, facts), *(rule(facts) for rule in rules)) if each is not None]
    for word in ("refused", "unknown"):
        if found := [each for each in answers if each.word == word]:
            return found[0]
    settings = facts.environment.settings()
    tags = "whether its tags can be moved isn't asked" if settings.allow_mutable_tags else "its tags are immutable"
    return allowed(NAME, f"commit {facts.revision[:10]} is on {settings.branch}, {tags}")


def _repository(image: ImageRef, facts: Facts) -> Answer | None:
    if facts.environment.allows_repository(image.name):
        return None
    remedy = "promote an image that build.yaml made, or add the repository to also-from:"
    return refused(NAME, f"{image.repository} isn't allowed in {facts.environment.name}", remedy)


def _ref(facts: Facts) -> Answer | None:
    """A workflow's code is the branch's that it was dispatched from: only the reviewed one may promote."""
    branch = facts.environment.settings().branch
    if facts.ref is None or facts.ref == f"refs/heads/{branch}":
        return None
    return refused(NAME, f"this run is of {facts.ref}, not of {branch}", f"run the workflow from {branch}")


def _released(image: ImageRef, facts: Facts) -> Answer | None:
    if image.name == facts.environment.settings().repository:
        return _release_tagged(image, facts)
    return refused(
        NAME,
        f"{image.repository} isn't the repository of releases",
        "merge the branch: its build can be promoted",
    )


def _release_tagged(image: ImageRef, facts: Facts) -> Answer | None:
    if image.tag != facts.revision:
        return None
    return refused(NAME, "the image has no release tag", "run build.yaml for its commit again: it adds the missing tag")


def _immutable(facts: Facts) -> Answer | None:
    if facts.environment.settings().allow_mutable_tags:
        return None
    remedy = "set the repository's tags to immutable, or image.allow-mutable-tags: true"
    if isinstance(facts.immutable, Unknown):
        return unknown(NAME, facts.immutable.why, facts.immutable.remedy)
    if facts.immutable is None:
        return unknown(NAME, "the registry doesn't tell whether tags can be moved", remedy)
    return None if facts.immutable else refused(NAME, "the repository's tags can be moved", remedy)


def _label(facts: Facts) -> Answer | None:
    if isinstance(facts.label, Unknown):
        return unknown(NAME, facts.label.why, facts.label.remedy)
    if facts.label is None or not facts.revision or facts.label == facts.revision:
        return None
    sentence = f"the image says it was built from {facts.label[:10]}, its tag says {facts.revision[:10]}"
    return refused(NAME, sentence, "build the commit again with build.yaml")


def _on_branch(facts: Facts) -> Answer | None:
    branch = facts.environment.settings().branch
    if not facts.revision:
        return refused(NAME, "the image has no revision tag: its commit isn't known", "build it with build.yaml")
    if isinstance(facts.comparison, Unknown):
        return unknown(NAME, facts.comparison.why, facts.comparison.remedy)
    if facts.comparison is None:
        return unknown(NAME, "GitHub wasn't asked whether the commit is on the branch", "give it a GITHUB_TOKEN")
    if facts.comparison.status in {"identical", "behind"}:
        return None
    return refused(NAME, f"commit {facts.revision[:10]} is not on {branch}", f"merge it to {branch} first")

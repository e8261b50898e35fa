"""Checks of the images that count in one repository: tags stay, all are there, no rule is going to delete one."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import field, frozen

from promokit.image import ImageRef
from promokit.model import ImageSettings
from promokit.promotion.finding import Finding, found_by
from promokit.registry.lifecycle import threat_to
from promokit.registry.port import Registry


@frozen
class Images:
    """The pinned images of one repository, each with the environments that run it or may go back to it."""

    repository: str
    used: dict[ImageRef, set[str]] = field(factory=dict)

    def told(self, image: ImageRef) -> str:
        """Name an image, and whose it is."""
        return f"{named(image)} of {', '.join(sorted(self.used[image]))}"


def named(image: ImageRef) -> str:
    """Name an image by its tag, else by its digest."""
    return image.tag or str(image.digest)


def tags_stay(registry: Registry, settings: ImageSettings) -> list[Finding]:
    """Warn of a repository of releases whose tags can be moved, where that isn't allowed by name."""
    subject, remedy = f"{settings.repository}: tags", "make its tags immutable, or set image.allow-mutable-tags: true"
    if settings.allow_mutable_tags:
        return [Finding(subject, "skipped", "image.allow-mutable-tags is set")]

    def ask() -> Iterator[Finding]:
        immutable = registry.tags_immutable(settings.repository)
        if immutable:
            yield Finding(subject, "ok", "no tag can be moved")
        elif immutable is None:
            yield Finding(subject, "warning", "the registry doesn't tell whether tags can be moved", remedy)
        else:
            yield Finding(subject, "warning", "tags can be moved: promotions are refused", remedy)

    return found_by(subject, ask)


def all_there(registry: Registry, images: Images) -> list[Finding]:
    """Warn of an image that is gone from its repository."""
    subject = f"{images.repository}: images"
    digests = {each.digest: each for each in images.used if each.digest}

    def ask() -> Iterator[Finding]:
        gone = registry.missing(images.repository, tuple(digests))
        for each in gone:
            remedy = "promote another image: this one can't be pulled by a new node, or gone back to"
            yield Finding(subject, "warning", f"{images.told(digests[each])} is gone", remedy)
        if not gone:
            yield Finding(subject, "ok", f"all {len(digests)} that environments run or may go back to are there")

    return found_by(subject, ask) if digests else []


def none_expires(registry: Registry, images: Images) -> list[Finding]:
    """Warn of a lifecycle rule that could delete one of the images."""
    subject = f"{images.repository}: lifecycle rules"

    def ask() -> Iterator[Finding]:
        policy = registry.lifecycle_policy(images.repository)
        threats = list(_threats(registry, images, policy)) if policy else []
        for rule, threatened in threats:
            remedy = "let the rule select only tags that released images don't have"
            yield Finding(subject, "warning", f"rule {rule}, so perhaps {threatened}", remedy)
        if not threats:
            yield Finding(subject, "ok", "none could delete an image that an environment runs or may go back to")

    return found_by(subject, ask)


def _threats(registry: Registry, images: Images, policy: str) -> Iterator[tuple[str, str]]:
    """Yield each rule that selects images, with them."""
    selected: dict[str, list[str]] = {}
    for each in sorted(images.used, key=str):
        tags = (each.tag,) if each.tag else registry.tags_of(each.name, each.digest) if each.digest else ()
        rule = threat_to(tags, policy, images.repository)
        if rule:
            selected.setdefault(f"{rule.priority} {rule.does}", []).append(images.told(each))
    for told, threatened in selected.items():
        more = f" and {len(threatened) - 3} more" if len(threatened) > 3 else ""
        yield told, ", ".join(threatened[:3]) + more

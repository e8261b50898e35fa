"""From a tag to its digest and from a digest to its release tag, by the registry's word."""

from __future__ import annotations

from promokit.errors import ConfigError, VerificationFailed
from promokit.image import Digest, ImageRef, ReleaseTag, RevisionTag, parse_tag
from promokit.registry.port import Registry, Unsupported


def digest_of(registry: Registry, repository: str, tag: str) -> Digest:
    """Return the digest that an immutable tag means. ConfigError for a tag of another form or one that isn't there."""
    parse_tag(tag)
    found = registry.digest_of(repository, tag)
    if found is None:
        raise ConfigError(
            f"there is no image with the tag {tag}", where=repository, remedy="check the tag, or build it"
        )
    return found


def release_tag_of(registry: Registry, image: str, digest: Digest) -> str:
    """Return the tag of a running digest: its pinned release tag, confirmed by the registry; else its newest one.

    An image pinned by its commit that has no release tag keeps that tag. ConfigError where there is none at all,
    VerificationFailed when the pinned tag means another digest by now.
    """
    pinned = _pinned_tag(image)
    repository = ImageRef.parse(image).name
    if pinned is None:
        return _newest(registry.tags_of(repository, digest), repository, digest)
    _confirm(registry, repository, pinned, digest)
    return pinned if _is(ReleaseTag, pinned) else _release_among(registry, repository, digest) or pinned


def _confirm(registry: Registry, repository: str, pinned: str, digest: Digest) -> None:
    found = registry.digest_of(repository, pinned)
    if found != digest:
        raise VerificationFailed(
            f"the tag {pinned} means {found or 'nothing'} in the registry, but {digest} runs",
            where=repository,
            remedy="make the repository's tags immutable, and promote a new build",
        )


def _release_among(registry: Registry, repository: str, digest: Digest) -> str:
    try:
        return release_of(registry.tags_of(repository, digest))
    except Unsupported:
        return ""  # this registry can't be asked backwards


def commit_of(registry: Registry, image: ImageRef) -> str:
    """Return the commit of an image: its revision tag, else what its label says; empty text if neither tells."""
    if image.tag and _is(RevisionTag, image.tag):
        return image.tag
    digest = image.digest or (registry.digest_of(image.name, image.tag) if image.tag else None)
    if digest is None:
        return ""
    try:
        if commit := revision_of(registry.tags_of(image.name, digest)):
            return commit
    except Unsupported:
        pass  # the label is the only other witness
    return registry.revision_of(image.name, digest) or ""


def revision_of(tags: tuple[str, ...]) -> str:
    """Return the commit among an image's tags, or empty text."""
    return next((each for each in tags if _is(RevisionTag, each)), "")


def release_of(tags: tuple[str, ...]) -> str:
    """Return the newest release tag among an image's tags, or empty text."""
    releases = sorted(ReleaseTag.parse(each) for each in tags if _is(ReleaseTag, each))
    return str(releases[-1]) if releases else ""


def _pinned_tag(image: str) -> str | None:
    tag = ImageRef.parse(image).tag
    return tag if tag and (_is(ReleaseTag, tag) or _is(RevisionTag, tag)) else None


def _newest(tags: tuple[str, ...], repository: str, digest: Digest) -> str:
    if release := release_of(tags):
        return release
    raise ConfigError(
        f"{digest} has no release tag",
        where=repository,
        remedy="add one by running build.yaml for its commit again, or promokit tag",
    )


def _is(kind: type[ReleaseTag] | type[RevisionTag], text: str) -> bool:
    try:
        kind.parse(text)
    except ConfigError:
        return False
    return True

"""From a tag to its digest and from a digest to its release tag, by the registry's word."""

from __future__ import annotations

from promokit.errors import ConfigError, VerificationFailed
from promokit.identity.asked import AskedOnce
from promokit.image import Digest, ImageRef, ReleaseTag, RevisionTag, parse_tag
from promokit.registry.port import Unsupported


def digest_of(registry: AskedOnce, repository: str, tag: str) -> Digest:
    """Return the digest of the image that an immutable tag means, its manifest read and verified.

    ConfigError for a tag of another form or one that isn't there; Refused where it means nothing that can run.
    """
    parse_tag(tag)
    found = _means(registry, repository, tag)
    if found is None or registry.manifest(repository, found) is None:
        raise ConfigError(
            f"there is no image with the tag {tag}", where=repository, remedy="check the tag, or build it"
        )
    return found


def release_tag_of(registry: AskedOnce, image: str, digest: Digest, given: str | None = None) -> str:
    """Return the tag of a running digest: its pinned release tag, confirmed by the registry; else its newest one.

    `given` is the tag that somebody says it has. An image pinned by its commit that has no release tag keeps that tag.
    ConfigError where there is no release tag, or where this registry can't be asked for one; VerificationFailed when
    the given or pinned tag means another digest.
    """
    pinned = given or _pinned_tag(image)
    repository = ImageRef.parse(image).name
    if pinned is None:
        return _newest(registry.tags_of(repository, digest), repository, digest)
    parse_tag(pinned)
    _confirm(registry, repository, pinned, digest)
    return pinned if given or _is(ReleaseTag, pinned) else release_of(_tags(registry, repository, digest)) or pinned


def _confirm(registry: AskedOnce, repository: str, pinned: str, digest: Digest) -> None:
    found = registry.tagged(repository, pinned)
    if found is None or found.digest != digest:
        raise VerificationFailed(
            f"the tag {pinned} means {found.digest if found else 'nothing'} in the registry, but {digest} runs",
            where=repository,
            remedy="make the repository's tags immutable, and promote a new build",
        )


def _tags(registry: AskedOnce, repository: str, digest: Digest) -> tuple[str, ...]:
    """Every tag of the digest; none where this registry can't be asked backwards."""
    try:
        return registry.tags_of(repository, digest)
    except Unsupported:
        return ()


def commit_of(registry: AskedOnce, image: ImageRef) -> str:
    """Return the commit of an image: its revision tag, else what the image says; empty text if neither tells."""
    if image.tag and _is(RevisionTag, image.tag):
        return image.tag
    digest = image.digest or (_means(registry, image.name, image.tag) if image.tag else None)
    if digest is None:
        return ""
    return revision_of(_tags(registry, image.name, digest)) or registry.revision_of(image.name, digest) or ""


def _means(registry: AskedOnce, repository: str, tag: str) -> Digest | None:
    found = registry.tagged(repository, tag)
    return found.digest if found else None


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

"""The tags of a build: a re-run gives the same, a commit that is built isn't built again."""

from __future__ import annotations

from datetime import UTC, datetime

from attrs import frozen

from promokit.errors import ConfigError, VerificationFailed
from promokit.identity.tags import release_of
from promokit.image import Digest, ReleaseTag, RevisionTag
from promokit.promotion.clients import Clients
from promokit.registry.port import Registry


@frozen
class Tagging:
    """A build's two tags; `digest` if its commit is built already; `changed` if a tag was added to it."""

    release: ReleaseTag
    revision: RevisionTag
    digest: Digest | None = None
    changed: bool = False


def tag_build(repository: str, commit: str, *, clients: Clients) -> Tagging:
    """Return the tags of this run's build; where one of them exists, add the other to the same digest.

    The release tag's date is the UTC date on which the run was created, its number the run's. A release tag that the
    commit has already is kept. Errors: VerificationFailed when a tag exists with another digest; Unreachable when
    GitHub or the registry can't be asked; ConfigError outside a GitHub run.
    """
    revision, computed = RevisionTag.parse(commit), _release_tag(clients)
    registry = clients.registry(repository)
    by_release = registry.digest_of(repository, str(computed))
    by_revision = registry.digest_of(repository, str(revision))
    if by_release and by_revision and by_release != by_revision:
        raise _conflict(repository, computed, by_release, by_revision)
    if by_revision is not None:
        return _with_release(registry, repository, by_revision, computed, revision)
    if by_release is not None:
        return _with_revision(registry, repository, by_release, computed, revision)
    return Tagging(computed, revision)


def _with_release(
    registry: Registry, repository: str, digest: Digest, computed: ReleaseTag, revision: RevisionTag
) -> Tagging:
    if kept := release_of(registry.tags_of(repository, digest)):
        return Tagging(ReleaseTag.parse(kept), revision, digest)
    return Tagging(computed, revision, digest, registry.add_tag(repository, digest, str(computed)))


def _with_revision(
    registry: Registry, repository: str, digest: Digest, computed: ReleaseTag, revision: RevisionTag
) -> Tagging:
    """The push of the second tag was cut off, unless the release tag is another commit's."""
    label = registry.revision_of(repository, digest)
    if label != str(revision):
        raise VerificationFailed(
            f"the tag {computed} exists for commit {label or 'unknown'}, not for {revision}",
            where=repository,
            remedy="start a new run of build.yaml: its number gives another tag",
        )
    return Tagging(computed, revision, digest, registry.add_tag(repository, digest, str(revision)))


def _release_tag(clients: Clients) -> ReleaseTag:
    context, github = clients.context, clients.github
    number = clients.environ.get("GITHUB_RUN_NUMBER", "")
    if context.run_id is None or github is None or not number.isdecimal():
        raise ConfigError(
            "release tags come from GitHub runs", remedy="run build.yaml; it gives GITHUB_TOKEN to this step"
        )
    created: datetime = github.run(context.run_id).created_at
    return ReleaseTag.of(created.astimezone(UTC).date(), int(number))


def _conflict(repository: str, release: ReleaseTag, first: Digest, second: Digest) -> VerificationFailed:
    return VerificationFailed(
        f"the tag {release} means {first}, but the commit was built as {second}",
        where=repository,
        remedy="start a new run of build.yaml: its number gives another tag",
    )

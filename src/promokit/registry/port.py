"""What promokit asks of a registry. `repository` is always `host/path`, without tag and digest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from promokit.errors import ConfigError
from promokit.image import Digest


class Unsupported(ConfigError):
    """This kind of registry can't be asked that."""


@frozen
class Manifest:
    """An index or a single image, its bytes verified against its digest.

    `platforms` and `children` of an index are those that can run (`linux/amd64`, `linux/arm/v7`), without
    attestations. A single image has neither: its `config` tells its platform. `revision` is the annotations'.
    """

    digest: Digest
    media_type: str
    content: bytes
    platforms: tuple[str, ...]
    children: tuple[Digest, ...]
    config: Digest | None
    revision: str | None


@frozen
class Tagged:
    """What a tag points to. `tags` are all that this digest has; None where that isn't told in the same answer."""

    digest: Digest
    tags: tuple[str, ...] | None = None


class Registry(Protocol):
    """One registry. Unreachable: it can't be asked, or doesn't let us. ConfigError: no such repository."""

    def load(self) -> None:
        """Make the client ready, which may take a part of a second. Nothing is asked yet."""

    def tagged(self, repository: str, tag: str) -> Tagged | None:
        """What the tag points to, by one look-up; None if there is no such tag."""

    def digest_of(self, repository: str, tag: str) -> Digest | None:
        """The digest alone of what the tag points to; None if there is no such tag."""

    def tags_of(self, repository: str, digest: Digest) -> tuple[str, ...]:
        """Every tag of this digest, sorted; empty if it isn't there. Unsupported: can't be asked."""

    def manifest(self, repository: str, digest: Digest) -> Manifest | None:
        """The manifest, verified (VerificationFailed); None: not there. Refused: nothing in it can run."""

    def blob(self, repository: str, digest: Digest) -> bytes | None:
        """The bytes of a small blob (a config), verified (VerificationFailed); None if it isn't there."""

    def add_tag(self, repository: str, digest: Digest, tag: str) -> bool:
        """True: added. False: it was there with this digest. VerificationFailed: it is there with another."""

    def tags_immutable(self, repository: str) -> bool | None:
        """Whether no tag of the repository can be moved; None where the registry doesn't tell."""

    def missing(self, repository: str, digests: Sequence[Digest]) -> tuple[Digest, ...]:
        """Those of the digests that aren't there any more, in their order."""

    def lifecycle_policy(self, repository: str) -> str | None:
        """ECR's policy for deleting images, as JSON; None if there is none. Unsupported: can't be asked."""

    def revision_of(self, repository: str, digest: Digest) -> str | None:
        """`org.opencontainers.image.revision` of the annotations, else of the first image's labels."""

    def platforms_of(self, repository: str, digest: Digest) -> tuple[str, ...]:
        """What it runs on (`linux/amd64`); for a single image, by its config. Empty if it isn't there."""

"""A registry that is asked each question once: within one command, nothing about an image is told in two ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from attrs import define, field

from promokit.image import Digest
from promokit.registry import config
from promokit.registry.port import Manifest, Registry, Tagged

T = TypeVar("T")


@define
class AskedOnce:
    """The answers of one registry, kept. Errors are those of the registry; what couldn't be asked is asked again."""

    registry: Registry
    _answers: dict[tuple[str, str, str], Any] = field(factory=dict, init=False)

    def tagged(self, repository: str, tag: str) -> Tagged | None:
        """Return what a tag points to."""
        found = self._once(("tagged", repository, tag), lambda: self.registry.tagged(repository, tag))
        if found and found.tags is not None:
            self._answers.setdefault(("tags", repository, str(found.digest)), found.tags)
        return found

    def tags_of(self, repository: str, digest: Digest) -> tuple[str, ...]:
        """Return every tag of a digest; Unsupported where this registry can't be asked."""
        return self._once(("tags", repository, str(digest)), lambda: self.registry.tags_of(repository, digest))

    def manifest(self, repository: str, digest: Digest) -> Manifest | None:
        """Return a manifest, verified."""
        return self._once(("manifest", repository, str(digest)), lambda: self.registry.manifest(repository, digest))

    def blob(self, repository: str, digest: Digest) -> bytes | None:
        """Return a small blob, verified."""
        return self._once(("blob", repository, str(digest)), lambda: self.registry.blob(repository, digest))

    def revision_of(self, repository: str, digest: Digest) -> str | None:
        """Return the commit that the image itself tells."""
        return config.revision_of(self, repository, digest)

    def _once(self, question: tuple[str, str, str], ask: Callable[[], T]) -> T:
        if question not in self._answers:
            self._answers[question] = ask()
        found: T = self._answers[question]
        return found

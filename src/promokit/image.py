"""The value types of an image: a digest, the two kinds of tags, a reference. Built means valid."""

from __future__ import annotations

import datetime
import re

from attrs import evolve, field, frozen

from promokit import image_grammar
from promokit.errors import ConfigError

_RELEASE = re.compile(r"([0-9]{4})\.([0-9]{2})\.([0-9]{2})\.([0-9]{4}|[1-9][0-9]{4,17})")
_REVISION = re.compile(r"[0-9a-f]{40}")


@frozen
class Digest:
    """The name of exact bytes, as `sha256:…` (or sha384, sha512); hex in lower case."""

    text: str = field()

    @text.validator
    def _whole(self, _: object, text: str) -> None:
        if not isinstance(text, str) or not image_grammar.is_digest(text):
            raise ConfigError(
                f"{_quoted(text)} is not a digest",
                remedy="write it whole: sha256: and 64 hex digits in lower case",
            )

    @classmethod
    def parse(cls, text: str) -> Digest:
        """The digest that `text` is; ConfigError if it is none."""
        return cls(text)

    @property
    def algorithm(self) -> str:
        """`sha256`, `sha384` or `sha512`."""
        return self.text.partition(":")[0]

    @property
    def hex(self) -> str:
        """What follows the colon."""
        return self.text.partition(":")[2]

    def __str__(self) -> str:
        return self.text


@frozen(order=True)
class ReleaseTag:
    """`YYYY.MM.DD.NNNN`: the UTC date of the build and the number of its run; a later one is greater."""

    date: datetime.date = field()
    number: int = field()

    @date.validator
    def _day(self, _: object, date: datetime.date) -> None:
        if type(date) is not datetime.date:  # a datetime is a date too, and can't be compared with one
            raise ConfigError(f"{_quoted(date)} is not the date of a release tag", remedy="use ReleaseTag.of")

    @number.validator
    def _counts(self, _: object, number: int) -> None:
        if type(number) is not int or not 0 <= number < 10**18:
            raise ConfigError(f"{number} can't be the number of a release tag", remedy="use the run's number")

    @classmethod
    def of(cls, date: datetime.date, number: int) -> ReleaseTag:
        """The tag of run `number` on `date`; a datetime must already be in UTC."""
        return cls(datetime.date(date.year, date.month, date.day), number)

    @classmethod
    def parse(cls, text: str) -> ReleaseTag:
        """The release tag that `text` is: a real date and a number of 4 digits or more; else ConfigError."""
        match = _RELEASE.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise ConfigError(f"{_quoted(text)} is not a release tag", remedy="write it as YYYY.MM.DD.NNNN")
        year, month, day, number = (int(group) for group in match.groups())
        try:
            return cls(datetime.date(year, month, day), number)
        except ValueError:
            raise ConfigError(
                f"{_quoted(text)} is not a release tag: there is no such date",
                remedy="use a tag that was built",
            ) from None

    def __str__(self) -> str:
        day = self.date
        return f"{day.year:04}.{day.month:02}.{day.day:02}.{self.number:04}"


@frozen
class RevisionTag:
    """The commit an image was built from, 40 hex digits in lower case."""

    text: str = field()

    @text.validator
    def _commit(self, _: object, text: str) -> None:
        if not isinstance(text, str) or not _REVISION.fullmatch(text):
            raise ConfigError(
                f"{_quoted(text)} is not a revision tag",
                remedy="use the commit's 40 hex digits in lower case",
            )

    @classmethod
    def parse(cls, text: str) -> RevisionTag:
        """The revision tag that `text` is; ConfigError if it is none."""
        return cls(text)

    def __str__(self) -> str:
        return self.text


def parse_tag(text: str) -> ReleaseTag | RevisionTag:
    """The tag that `text` is: only these two never move. ConfigError names both for anything else."""
    if isinstance(text, str) and _REVISION.fullmatch(text):
        return RevisionTag(text)
    if isinstance(text, str) and _RELEASE.fullmatch(text):
        return ReleaseTag.parse(text)
    raise ConfigError(
        f"{_quoted(text)} is not an immutable tag",
        remedy="use a release tag (YYYY.MM.DD.NNNN) or a revision tag (the commit's 40 hex digits)",
    )


@frozen
class ImageRef:
    """A reference to an image, normalized; `repository` is the path without the registry's host.

    `parse` follows https://github.com/distribution/reference (normalized parse); `str()` prints it back.
    """

    registry: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    def __attrs_post_init__(self) -> None:
        """Parts are valid when what they print is read back as the same parts."""
        digest = self.digest.text if isinstance(self.digest, Digest) else self.digest
        typed = digest is None or isinstance(self.digest, Digest)
        if not typed or _read(str(self)) != (self.registry, self.repository, self.tag, digest):
            raise ConfigError(f"{_quoted(str(self))} is not normalized", remedy="use ImageRef.parse")

    @classmethod
    def parse(cls, text: str) -> ImageRef:
        """What `text` refers to, normalized (`alpine` is `docker.io/library/alpine`); else ConfigError."""
        registry, repository, tag, digest = _read(text)
        return cls(registry, repository, tag, Digest(digest) if digest is not None else None)

    @property
    def name(self) -> str:
        """`registry/repository`, without tag and digest."""
        return f"{self.registry}/{self.repository}" if self.registry else self.repository

    def with_(self, *, tag: str | None = None, digest: Digest | None = None) -> ImageRef:
        """The same reference with this tag, this digest or both; what isn't given stays."""
        return evolve(self, tag=tag or self.tag, digest=digest or self.digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag is not None else ""
        digest = f"@{self.digest}" if self.digest is not None else ""
        return f"{self.name}{tag}{digest}"


def tag_in(image: str) -> str:
    """The tag of an image as a workload or the ledger names it, without asking whether it is one; else empty text."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def parse_repository(text: str) -> str:
    """`text` if it is a whole repository, as images' ones are compared with it: `host/path`; else ConfigError."""
    try:
        image = ImageRef.parse(text)
    except ConfigError as error:
        raise ConfigError(error.what, remedy="write it as host/path, without tag and digest") from None
    if image.name != text:
        told = "has a tag or a digest" if image.tag or image.digest else "names no registry"
        raise ConfigError(f"{_quoted(text)} {told}", remedy=f"write it as host/path: {image.name}")
    if not image.registry:
        raise ConfigError(f"{_quoted(text)} names no registry", remedy="write it as host/path, the host a DNS name")
    return text


def _read(text: str) -> image_grammar.Parts:
    try:
        if not isinstance(text, str):
            raise ValueError("it is no text")
        return image_grammar.split(text)
    except ValueError as error:
        raise ConfigError(
            f"{_quoted(text)} is not an image reference: {error}",
            remedy="write it as registry/repository:tag@sha256:…",
        ) from None


def _quoted(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return ascii(text if len(text) <= 100 else text[:100] + "…")

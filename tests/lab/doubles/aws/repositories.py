"""ECR's repositories: their settings, and the images that the real registry holds in them."""

import re
from datetime import datetime
from typing import Any

from attrs import define, field

from tests.lab.doubles.aws.errors import AwsError
from tests.lab.doubles.aws.names import ACCOUNT, REGION
from tests.lab.doubles.aws.registry import Registry, Stored

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,299}")


@define
class Repository:
    """One repository and its settings; `first_seen` stands for the push time, which no registry tells."""

    name: str
    registry: Registry
    mutability: str = "IMMUTABLE"
    lifecycle_policy: str | None = None
    first_seen: dict[str, float] = field(factory=dict)

    @property
    def arn(self) -> str:
        """The repository's ARN."""
        return f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{self.name}"

    def tagged(self) -> dict[str, list[str]]:
        """Digest → its tags, of all the repository."""
        found: dict[str, list[str]] = {}
        for tag in self.registry.tags(self.name):
            if digest := self.registry.digest_of(self.name, tag):
                found.setdefault(digest, []).append(tag)
        return found

    def images(self) -> dict[str, list[str]]:
        """As `tagged`, with the untagged manifests that tagged indexes list, as ECR shows them."""
        found = self.tagged()
        for digest in list(found):
            stored = self.registry.manifest(self.name, digest)
            for child in stored.children if stored else ():
                if child not in found and self.registry.manifest(self.name, child):
                    found[child] = []
        return found

    def find(self, image_id: dict[str, str]) -> Stored:
        """The image that an imageId means; else AwsError with a failure code of BatchGetImage."""
        tag, digest = image_id.get("imageTag"), image_id.get("imageDigest")
        _check_image_id(tag, digest)
        meant = self.registry.digest_of(self.name, tag) if tag else digest
        if meant is None:
            raise AwsError("ImageNotFound", "Requested image not found")
        if digest and meant != digest:
            raise AwsError("ImageTagDoesNotMatchDigest", "Image tag does not match the digest")
        stored = self.registry.manifest(self.name, meant)
        if stored is None:
            raise AwsError("ImageNotFound", "Requested image not found")
        return stored

    def describe(self) -> dict[str, Any]:
        """The members of DescribeRepositories."""
        return {
            "repositoryArn": self.arn,
            "registryId": ACCOUNT,
            "repositoryName": self.name,
            "repositoryUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{self.name}",
            "createdAt": 1767225600.0,
            "imageTagMutability": self.mutability,
            "imageScanningConfiguration": {"scanOnPush": False},
            "encryptionConfiguration": {"encryptionType": "AES256"},
        }

    def detail(self, stored: Stored, tags: list[str], now: datetime) -> dict[str, Any]:
        """The members of one of DescribeImages' imageDetails."""
        found: dict[str, Any] = {
            "registryId": ACCOUNT,
            "repositoryName": self.name,
            "imageDigest": stored.digest,
            "imageSizeInBytes": self._size(stored),
            "imagePushedAt": self.first_seen.setdefault(stored.digest, now.timestamp()),
            "imageManifestMediaType": stored.media_type,
        }
        if tags:
            found["imageTags"] = tags
        if config := stored.document.get("config"):
            found["artifactMediaType"] = config["mediaType"]
        return found

    def _size(self, stored: Stored) -> int:
        document = stored.document
        blobs = [*document.get("layers", ()), *([document["config"]] if "config" in document else ())]
        children = (self.registry.manifest(self.name, child) for child in stored.children)
        return sum(int(blob["size"]) for blob in blobs) + sum(self._size(child) for child in children if child)


def check_tag(tag: str) -> None:
    """AwsError for a text that can't be a tag."""
    if not _TAG.fullmatch(tag):
        raise AwsError("InvalidParameterException", f"Invalid parameter at 'imageTag': {tag!r}")


def _check_image_id(tag: str | None, digest: str | None) -> None:
    if not tag and not digest:
        raise AwsError("MissingDigestAndTag", "Image digest and tag are both missing")
    if digest and not DIGEST.fullmatch(digest):
        raise AwsError("InvalidImageDigest", f"Invalid image digest: {digest}")
    if tag and not _TAG.fullmatch(tag):
        raise AwsError("InvalidImageTag", f"Invalid image tag: {tag}")

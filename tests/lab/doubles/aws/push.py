"""PutImage: one manifest, byte for byte, under a tag or its digest."""

import json
import threading
from typing import Any

from tests.lab.doubles.aws.errors import AwsError
from tests.lab.doubles.aws.names import ACCOUNT
from tests.lab.doubles.aws.registry import RefusedByRegistry, digest_of
from tests.lab.doubles.aws.repositories import Repository, check_tag


class Push:
    """One push at a time, so that two can't both find a tag free."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def put(self, repository: Repository, call: dict[str, Any]) -> tuple[str, str]:
        """Stores the call's manifest: its digest and media type. AwsError where ECR would refuse."""
        content = call["imageManifest"].encode()
        digest, media_type = digest_of(content), _media_type(call)
        if call.get("imageDigest", digest) != digest:
            raise AwsError("ImageDigestDoesNotMatchException", f"the manifest's digest is {digest}")
        with self._lock:
            _check_free(repository, call.get("imageTag"), digest)
            _store(repository, call.get("imageTag", digest), content, media_type)
        return digest, media_type


def _media_type(call: dict[str, Any]) -> str:
    try:
        document = json.loads(call["imageManifest"])
        media_type = call.get("imageManifestMediaType") or document["mediaType"]
    except (ValueError, KeyError, TypeError):
        raise AwsError(
            "InvalidParameterException",
            "Invalid parameter at 'imageManifest': not JSON, or without a mediaType",
        ) from None
    return str(media_type)


def _check_free(repository: Repository, tag: str | None, digest: str) -> None:
    where = f"in the repository with name '{repository.name}' in registry with id '{ACCOUNT}'"
    if tag is None:
        if repository.registry.manifest(repository.name, digest):
            raise AwsError("ImageAlreadyExistsException", f"Image with digest '{digest}' already exists {where}")
        return
    check_tag(tag)
    there = repository.registry.digest_of(repository.name, tag)
    if there == digest:
        message = f"Image with digest '{digest}' and tag '{tag}' already exists {where}"
        raise AwsError("ImageAlreadyExistsException", message)
    if there and repository.mutability == "IMMUTABLE":
        raise AwsError(
            "ImageTagAlreadyExistsException",
            f"The image tag '{tag}' already exists in the '{repository.name}' repository"
            " and cannot be overwritten because the tag is immutable.",
        )


def _store(repository: Repository, reference: str, content: bytes, media_type: str) -> None:
    try:
        repository.registry.put(repository.name, reference, content, media_type)
    except RefusedByRegistry as error:
        if str(error) != "MANIFEST_BLOB_UNKNOWN":
            raise AwsError("InvalidParameterException", f"the registry refused the manifest: {error}") from None
        index = "manifests" in json.loads(content)
        code = "ReferencedImagesNotFoundException" if index else "LayersNotFoundException"
        raise AwsError(code, "what the manifest names isn't in the repository") from None

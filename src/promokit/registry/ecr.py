"""The registry port on Amazon ECR's API. One object serves one account and region.

botocore is imported at the first call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from promokit.aws import session
from promokit.errors import ConfigError, Unreachable, VerificationFailed
from promokit.image import Digest
from promokit.registry import config
from promokit.registry.ecr_errors import code_of, translated
from promokit.registry.ecr_host import EcrHost
from promokit.registry.manifest import ACCEPTED, read_manifest, told_digest, verify
from promokit.registry.port import Manifest, Tagged
from promokit.transport import Transport

MOST_IDS = 100
"""imageIds of one BatchGetImage (ECR API reference)."""


class EcrRegistry:
    """ECR by the caller's AWS credentials. Each method is one API call, where its docstring doesn't say more.

    `client` makes botocore's client; it is called once, at the first use.
    """

    def __init__(self, host: EcrHost, client: Callable[[], Any]) -> None:
        self._host = host
        self._make_client = client

    @classmethod
    def open(cls, host: EcrHost, environ: Mapping[str, str]) -> EcrRegistry:
        """The registry with the credentials and the endpoint of the environment, by botocore's own rules."""
        return cls(host, lambda: _client(host, environ))

    def load(self) -> None:
        """botocore, its model of ECR, and the credentials."""
        _ = self._client

    def tagged(self, repository: str, tag: str) -> Tagged | None:
        """DescribeImages by tag, which tells the image's other tags too."""
        images = self._describe_images(repository, {"imageTag": tag})
        return Tagged(told_digest(images[0].get("imageDigest"), repository), _tags(images)) if images else None

    def digest_of(self, repository: str, tag: str) -> Digest | None:
        """DescribeImages by tag."""
        found = self.tagged(repository, tag)
        return found.digest if found else None

    def tags_of(self, repository: str, digest: Digest) -> tuple[str, ...]:
        """DescribeImages by digest: as fast with ten thousand tags in the repository as with two."""
        return _tags(self._describe_images(repository, {"imageDigest": str(digest)}))

    def manifest(self, repository: str, digest: Digest) -> Manifest | None:
        """BatchGetImage; its `failures` are told apart: not found is None, all else can't be known."""
        where = f"{repository}@{digest}"
        images, _ = self._get_images(repository, [{"imageDigest": str(digest)}])
        if not images:
            return None
        image = images[0]
        content = image.get("imageManifest", "").encode()
        return read_manifest(content, digest, where, image.get("imageManifestMediaType"))

    def blob(self, repository: str, digest: Digest) -> bytes | None:
        """GetDownloadUrlForLayer, then one GET of the presigned URL that it gives."""
        where = f"{repository}@{digest}"
        answer = self._call(repository, "get_download_url_for_layer", absent="Layers", layerDigest=str(digest))
        if not answer.get("downloadUrl"):
            return None
        response = Transport().send("GET", answer["downloadUrl"])
        if response.status_code != 200:
            told = f"ECR's download of a blob answered {response.status_code}"
            raise Unreachable(told, where=where, remedy="run this again; check what lets this machine reach S3")
        return verify(response.content, digest, where)

    def add_tag(self, repository: str, digest: Digest, tag: str) -> bool:
        """DescribeImages, BatchGetImage, PutImage of the exact bytes. Moves no tag."""
        if self._has_tag(repository, digest, tag):
            return False
        manifest = self.manifest(repository, digest)
        if manifest is None:
            raise VerificationFailed(
                "no image has this digest",
                where=f"{repository}@{digest}",
                remedy="build or push the image first",
            )
        return self._put(repository, manifest, tag)

    def tags_immutable(self, repository: str) -> bool | None:
        """DescribeRepositories. One that excludes some tags from being immutable counts as mutable."""
        answer = self._call(repository, "describe_repositories", repositoryNames=[_path(repository)])
        found = [item for item in answer.get("repositories", ()) if "imageTagMutability" in item]
        return found[0]["imageTagMutability"] == "IMMUTABLE" if found else None

    def missing(self, repository: str, digests: Sequence[Digest]) -> tuple[Digest, ...]:
        """BatchGetImage, for up to a hundred digests a call; what isn't found is among its `failures`."""
        gone: set[str] = set()
        for start in range(0, len(digests), MOST_IDS):
            ids = [{"imageDigest": str(each)} for each in digests[start : start + MOST_IDS]]
            gone |= self._get_images(repository, ids)[1]
        return tuple(each for each in digests if str(each) in gone)

    def lifecycle_policy(self, repository: str) -> str | None:
        """GetLifecyclePolicy."""
        answer = self._call(repository, "get_lifecycle_policy", absent="LifecyclePolicy")
        text: str | None = answer.get("lifecyclePolicyText")
        return text

    def revision_of(self, repository: str, digest: Digest) -> str | None:
        """BatchGetImage; without an annotation, one more for the first image and a download of its config."""
        return config.revision_of(self, repository, digest)

    def platforms_of(self, repository: str, digest: Digest) -> tuple[str, ...]:
        """BatchGetImage; of a single image also its config."""
        return config.platforms_of(self, repository, digest)

    def _describe_images(self, repository: str, image: dict[str, str]) -> list[dict[str, Any]]:
        answer = self._call(repository, "describe_images", absent="Image", imageIds=[image])
        details: list[dict[str, Any]] = answer.get("imageDetails", [])
        return details

    def _get_images(self, repository: str, ids: Sequence[dict[str, str]]) -> tuple[list[dict[str, Any]], set[str]]:
        """The images, and the digests of those that aren't there; Unreachable for any other failure."""
        answer = self._call(repository, "batch_get_image", imageIds=list(ids), acceptedMediaTypes=list(ACCEPTED))
        for failure in answer.get("failures", ()):
            if failure.get("failureCode") != "ImageNotFound":
                raise Unreachable(
                    f"ECR gave no manifest ({failure.get('failureCode')}: {failure.get('failureReason')})",
                    where=repository,
                    remedy="look at the image in the ECR console",
                )
        gone = {each.get("imageId", {}).get("imageDigest", "") for each in answer.get("failures", ())}
        return answer.get("images", []), gone

    def _has_tag(self, repository: str, digest: Digest, tag: str) -> bool:
        there = self.digest_of(repository, tag)
        if there not in (None, digest):
            raise VerificationFailed(
                f"the tag {tag} is there already, with {there}",
                where=f"{repository}@{digest}",
                remedy="a tag never moves: find out which build made it, and build again for a new tag",
            )
        return there is not None

    def _put(self, repository: str, manifest: Manifest, tag: str) -> bool:
        """Tag already there: somebody was faster, perhaps with this very digest; read again to know."""
        from botocore.exceptions import BotoCoreError, ClientError

        request = {
            "imageManifest": manifest.content.decode(),
            "imageManifestMediaType": manifest.media_type,
            "imageTag": tag,
            "imageDigest": str(manifest.digest),
        }
        try:
            self._raw_call("put_image", repositoryName=_path(repository), **request)
        except (ClientError, BotoCoreError) as error:
            known = ("ImageTagAlreadyExistsException", "ImageAlreadyExistsException")
            if code_of(error) in known and self._has_tag(repository, manifest.digest, tag):
                return False
            raise translated(error, repository) from None
        return True

    def _call(self, repository: str, operation: str, *, absent: str | None = None, **request: Any) -> dict[str, Any]:
        """The answer; empty for the `…NotFoundException` that `absent` names (`Image`, `Layers`)."""
        from botocore.exceptions import BotoCoreError, ClientError

        if "repositoryNames" not in request:
            request["repositoryName"] = _path(repository)
        try:
            return self._raw_call(operation, **request)
        except (ClientError, BotoCoreError) as error:
            if absent is not None and code_of(error) == f"{absent}NotFoundException":
                return {}
            raise translated(error, repository) from None

    def _raw_call(self, operation: str, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self._client, operation)(registryId=self._host.account, **request)
        return answer

    @cached_property
    def _client(self) -> Any:
        return self._make_client()


def _client(host: EcrHost, environ: Mapping[str, str]) -> Any:
    from botocore.config import Config

    settings = Config(
        connect_timeout=5,
        read_timeout=20,
        retries={"mode": "adaptive", "total_max_attempts": 6},
        use_fips_endpoint=host.fips or None,
        use_dualstack_endpoint=host.dual_stack or None,
    )
    endpoint = environ.get("AWS_ENDPOINT_URL_ECR") or environ.get("AWS_ENDPOINT_URL") or None
    try:
        return session().create_client(
            "ecr",
            config=settings,
            endpoint_url=endpoint,
            region_name=host.region,
            aws_access_key_id=environ.get("AWS_ACCESS_KEY_ID") or None,
            aws_secret_access_key=environ.get("AWS_SECRET_ACCESS_KEY") or None,
            aws_session_token=environ.get("AWS_SESSION_TOKEN") or None,
        )
    except ValueError as error:  # botocore's word for an endpoint that is none
        raise ConfigError(str(error), where=f"ECR in {host.region}", remedy="mend AWS_ENDPOINT_URL") from error


def _tags(images: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted({tag for image in images for tag in image.get("imageTags", ())}))


def _path(repository: str) -> str:
    return repository.partition("/")[2]

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.session import Session
from botocore.stub import Stubber

from promokit.errors import ConfigError, PromokitError, Unreachable, VerificationFailed
from promokit.image import Digest
from promokit.registry.ecr import EcrRegistry
from promokit.registry.ecr_host import EcrHost
from promokit.registry.manifest import ACCEPTED, INDEX_TYPES, REVISION
from tests.http_server import Answer, Asked, Server
from tests.registry.documents import COMMIT, LINUX_AMD64, child, config, digest_of, image, index

ACCOUNT = "123456789012"
HOST = EcrHost(ACCOUNT, "us-east-1", False, False)
REPOSITORY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/team/registry"
BASIC = {"registryId": ACCOUNT, "repositoryName": "team/registry"}
INDEX = index(child(image(), LINUX_AMD64), annotations={REVISION: COMMIT})
DIGEST = digest_of(INDEX)
OTHER = digest_of(b"another image")
TAG = "2026.01.02.0003"

Registry = tuple[EcrRegistry, Stubber]


@pytest.fixture
def ecr() -> Registry:
    """The adapter on a real client of botocore, which checks both directions against AWS's own model."""
    client = Session().create_client("ecr", "us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
    stubber = Stubber(client)
    stubber.activate()
    return EcrRegistry(HOST, lambda: client), stubber


def described(stubber: Stubber, image_id: dict[str, str], *details: dict[str, Any]) -> None:
    answer = [{**BASIC, "imagePushedAt": datetime.datetime.now(datetime.UTC), **detail} for detail in details]
    stubber.add_response("describe_images", {"imageDetails": answer}, {**BASIC, "imageIds": [image_id]})


def absent(stubber: Stubber) -> None:
    stubber.add_client_error("describe_images", "ImageNotFoundException")


def stored(stubber: Stubber, content: bytes, digest: Digest | None = None) -> None:
    digest = digest or digest_of(content)
    found = {
        **BASIC,
        "imageId": {"imageDigest": str(digest)},
        "imageManifest": content.decode(),
        "imageManifestMediaType": INDEX_TYPES[0],
    }
    stubber.add_response(
        "batch_get_image",
        {"images": [found], "failures": []},
        {**BASIC, "imageIds": [{"imageDigest": str(digest)}], "acceptedMediaTypes": list(ACCEPTED)},
    )


def test_a_tag_gives_its_digest(ecr: Registry) -> None:
    """One DescribeImages, in the account that the host names."""
    registry, stubber = ecr
    described(stubber, {"imageTag": TAG}, {"imageDigest": str(DIGEST), "imageTags": [TAG]})
    assert registry.digest_of(REPOSITORY, TAG) == DIGEST
    stubber.assert_no_pending_responses()


def test_a_tag_that_is_not_there_is_none(ecr: Registry) -> None:
    """That is an answer, no error."""
    registry, stubber = ecr
    absent(stubber)
    assert registry.digest_of(REPOSITORY, TAG) is None


def test_a_digest_gives_all_its_tags(ecr: Registry) -> None:
    """Asked by digest; the same digest told several times is one image."""
    registry, stubber = ecr
    first = {"imageDigest": str(DIGEST), "imageTags": [TAG, COMMIT]}
    described(stubber, {"imageDigest": str(DIGEST)}, first, {"imageDigest": str(DIGEST), "imageTags": [TAG]})
    assert registry.tags_of(REPOSITORY, DIGEST) == (TAG, COMMIT)


def test_a_digest_without_tags_or_not_there_has_none(ecr: Registry) -> None:
    """imageTags is left out by ECR where there are none."""
    registry, stubber = ecr
    described(stubber, {"imageDigest": str(DIGEST)}, {"imageDigest": str(DIGEST)})
    absent(stubber)
    assert registry.tags_of(REPOSITORY, DIGEST) == ()
    assert registry.tags_of(REPOSITORY, DIGEST) == ()


def test_a_manifest_is_read_and_verified(ecr: Registry) -> None:
    """One BatchGetImage gives bytes, type, platforms and revision."""
    registry, stubber = ecr
    stored(stubber, INDEX)
    manifest = registry.manifest(REPOSITORY, DIGEST)
    assert manifest is not None
    assert (manifest.content, manifest.media_type) == (INDEX, INDEX_TYPES[0])
    assert (manifest.platforms, manifest.revision) == (("linux/amd64",), COMMIT)


def test_a_manifest_with_other_bytes_is_an_error(ecr: Registry) -> None:
    """ECR's word for the digest isn't taken."""
    registry, stubber = ecr
    stored(stubber, INDEX + b" ", DIGEST)
    with pytest.raises(VerificationFailed):
        registry.manifest(REPOSITORY, DIGEST)


def test_a_manifest_that_is_not_found_is_none_and_any_other_failure_is_unknown(ecr: Registry) -> None:
    """BatchGetImage answers 200 with `failures`; their codes are told apart."""
    registry, stubber = ecr
    for code in ("ImageNotFound", "KmsError"):
        failure = {"imageId": {"imageDigest": str(DIGEST)}, "failureCode": code, "failureReason": "because"}
        stubber.add_response("batch_get_image", {"images": [], "failures": [failure]})
    assert registry.manifest(REPOSITORY, DIGEST) is None
    with pytest.raises(Unreachable, match="KmsError: because"):
        registry.manifest(REPOSITORY, DIGEST)


def put(stubber: Stubber, error: str | None = None) -> None:
    wanted = {
        **BASIC,
        "imageManifest": INDEX.decode(),
        "imageManifestMediaType": INDEX_TYPES[0],
        "imageTag": TAG,
        "imageDigest": str(DIGEST),
    }
    if error:
        stubber.add_client_error("put_image", error, expected_params=wanted)
    else:
        stubber.add_response("put_image", {"image": {}}, wanted)


def test_a_tag_is_added_with_the_exact_bytes(ecr: Registry) -> None:
    """The same bytes and media type keep the digest."""
    registry, stubber = ecr
    absent(stubber)
    stored(stubber, INDEX)
    put(stubber)
    assert registry.add_tag(REPOSITORY, DIGEST, TAG) is True
    stubber.assert_no_pending_responses()


def test_a_tag_that_is_there_with_this_digest_is_not_put_again(ecr: Registry) -> None:
    """Doing it again changes nothing."""
    registry, stubber = ecr
    described(stubber, {"imageTag": TAG}, {"imageDigest": str(DIGEST)})
    assert registry.add_tag(REPOSITORY, DIGEST, TAG) is False


def test_a_tag_that_is_there_with_another_digest_is_an_error_and_stays(ecr: Registry) -> None:
    """In a mutable repository PutImage would move it, so it isn't called."""
    registry, stubber = ecr
    described(stubber, {"imageTag": TAG}, {"imageDigest": str(OTHER)})
    with pytest.raises(VerificationFailed, match=str(OTHER)):
        registry.add_tag(REPOSITORY, DIGEST, TAG)
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize("error", ["ImageTagAlreadyExistsException", "ImageAlreadyExistsException"])
def test_a_race_for_a_tag_is_judged_by_reading_again(ecr: Registry, error: str) -> None:
    """Somebody else added it in between: with the same digest that is success, with another an error."""
    registry, stubber = ecr
    for now in (DIGEST, OTHER):
        absent(stubber)
        stored(stubber, INDEX)
        put(stubber, error)
        described(stubber, {"imageTag": TAG}, {"imageDigest": str(now)})
    assert registry.add_tag(REPOSITORY, DIGEST, TAG) is False
    with pytest.raises(VerificationFailed):
        registry.add_tag(REPOSITORY, DIGEST, TAG)


def test_a_tag_for_an_image_that_is_not_there_is_an_error(ecr: Registry) -> None:
    """There are no bytes to put."""
    registry, stubber = ecr
    absent(stubber)
    stubber.add_response("batch_get_image", {"images": [], "failures": [{"failureCode": "ImageNotFound"}]})
    with pytest.raises(VerificationFailed):
        registry.add_tag(REPOSITORY, DIGEST, TAG)


@pytest.mark.parametrize(
    ("setting", "immutable"),
    [
        ("IMMUTABLE", True),
        ("MUTABLE", False),
        ("IMMUTABLE_WITH_EXCLUSION", False),
        ("MUTABLE_WITH_EXCLUSION", False),
    ],
)
def test_a_repository_is_immutable_only_without_exception(ecr: Registry, setting: str, immutable: bool) -> None:
    """A repository whose setting excludes some tags could move one."""
    registry, stubber = ecr
    stubber.add_response(
        "describe_repositories",
        {"repositories": [{**BASIC, "imageTagMutability": setting}]},
        {"registryId": ACCOUNT, "repositoryNames": ["team/registry"]},
    )
    assert registry.tags_immutable(REPOSITORY) is immutable


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("RepositoryNotFoundException", ConfigError, "no such repository.*promokit.yaml"),
        ("AccessDeniedException", Unreachable, "no access.*allow ecr:DescribeImages"),
        ("ExpiredTokenException", Unreachable, "have expired.*sign in"),
        ("UnrecognizedClientException", Unreachable, "doesn't know these credentials"),
        ("ThrottlingException", Unreachable, "throttling"),
        ("ServerException", Unreachable, "ServerException"),
    ],
)
def test_what_goes_wrong_is_told_apart_with_its_remedy(
    ecr: Registry, code: str, kind: type[PromokitError], words: str
) -> None:
    """No such repository is a mistake; everything else says that nobody knows."""
    registry, stubber = ecr
    stubber.add_client_error("describe_images", code, "User: arn:aws:iam::1:role/x is not authorized")
    with pytest.raises(kind, match=words):
        registry.digest_of(REPOSITORY, TAG)


def test_the_revision_of_an_index_without_annotation_is_its_image_s_label(
    ecr: Registry, serve: Callable[[Callable[[Asked], Answer]], Server]
) -> None:
    """Two manifests and one download of the config, from the presigned URL that ECR gives."""
    registry, stubber = ecr
    labelled = config(config={"Labels": {REVISION: COMMIT}})
    single = image(labelled)
    bare = index(child(single, LINUX_AMD64))
    storage = serve(lambda _: Answer(body=labelled))
    stored(stubber, bare)
    stored(stubber, single)
    stubber.add_response(
        "get_download_url_for_layer",
        {"downloadUrl": f"{storage.url}/blob?X-Amz-Signature=s", "layerDigest": str(digest_of(labelled))},
        {**BASIC, "layerDigest": str(digest_of(labelled))},
    )
    assert registry.revision_of(REPOSITORY, digest_of(bare)) == COMMIT
    assert "Authorization" not in storage.asked[0].headers


def test_the_platform_of_a_single_image_is_its_config_s(
    ecr: Registry, serve: Callable[[Callable[[Asked], Answer]], Server]
) -> None:
    """A missing config leaves the platform unknown."""
    registry, stubber = ecr
    storage = serve(lambda _: Answer(body=config()))
    stored(stubber, image())
    stubber.add_response("get_download_url_for_layer", {"downloadUrl": f"{storage.url}/blob"})
    stored(stubber, image())
    stubber.add_client_error("get_download_url_for_layer", "LayersNotFoundException")
    assert registry.platforms_of(REPOSITORY, digest_of(image())) == ("linux/amd64",)
    assert registry.platforms_of(REPOSITORY, digest_of(image())) == ()


def test_the_client_asks_where_and_as_whom_the_environment_says(
    serve: Callable[[Callable[[Asked], Answer]], Server],
) -> None:
    """Endpoint, keys and session token of the environment; the region of the host."""
    body = json.dumps({"imageDetails": [{"imageDigest": str(DIGEST)}]}).encode()
    server = serve(lambda _: Answer(body=body, headers={"Content-Type": "application/x-amz-json-1.1"}))
    environ = {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "AKIATEST",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "session",
    }
    assert EcrRegistry.open(HOST, environ).digest_of(REPOSITORY, TAG) == DIGEST
    headers = server.asked[0].headers
    assert "AKIATEST/" in headers["Authorization"]
    assert "/us-east-1/ecr/" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "session"


def test_an_endpoint_that_does_not_answer_is_unreachable() -> None:
    """A network error is told in promokit's words, without a traceback."""
    environ = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "s",
    }
    with pytest.raises(Unreachable, match="could not be reached"):
        EcrRegistry.open(HOST, environ).digest_of(REPOSITORY, TAG)


def test_an_endpoint_that_is_none_is_wrong_use() -> None:
    """A typo in AWS_ENDPOINT_URL isn't a bug of ours, and asking again doesn't help."""
    environ = {"AWS_ENDPOINT_URL": "nonsense", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalr"}
    with pytest.raises(ConfigError, match="nonsense") as caught:
        EcrRegistry.open(HOST, environ).digest_of(REPOSITORY, TAG)
    assert caught.value.remedy == "mend AWS_ENDPOINT_URL"

"""The ECR double: real digests from a real registry, ECR's shapes and ECR's refusals."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from tests.doubles.aws_clients import client
from tests.doubles.control import control
from tests.lab.doubles.aws import AwsDouble
from tests.lab.doubles.images import INDEX, MANIFEST, push_image, push_index

pytestmark = pytest.mark.program

TAG, OTHER = "2026.01.02.0003", "2026.01.02.0004"
ABSENT = "sha256:" + "0" * 64


@pytest.fixture
def repository(aws: AwsDouble, request: pytest.FixtureRequest) -> str:
    """A repository of the test's own, with immutable tags."""
    name = "of/" + str(request.node.name).lower().replace("[", ".").replace("]", "").replace("_", "-")
    control(aws, "PUT", f"repositories/{name}", {"imageTagMutability": "IMMUTABLE"})
    return name


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_the_example_repositories_have_immutable_tags(aws: AwsDouble) -> None:
    """Both repositories are there from the start, IMMUTABLE, and a control call changes that."""
    control(aws, "PUT", "repositories/registry", {"imageTagMutability": "MUTABLE"})
    found = client(aws, "ecr").describe_repositories()["repositories"]
    assert {one["repositoryName"]: one["imageTagMutability"] for one in found} == {
        "registry": "MUTABLE",
        "registry-branches": "IMMUTABLE",
    }
    assert found[0]["repositoryUri"] == "123456789012.dkr.ecr.us-east-1.amazonaws.com/registry"


@pytest.mark.parametrize("call", ["describe_images", "list_images", "get_lifecycle_policy"])
def test_an_unknown_repository_is_refused(aws: AwsDouble, call: str) -> None:
    """Every read of a repository that isn't there says so, and so does another account's."""
    ecr = client(aws, "ecr")
    for where in ({"repositoryName": "nowhere"}, {"repositoryName": "registry", "registryId": "2" * 12}):
        with pytest.raises(ClientError) as caught:
            getattr(ecr, call)(**where)
        assert code(caught) == "RepositoryNotFoundException"
    with pytest.raises(ClientError, match="RepositoryNotFoundException"):
        ecr.describe_repositories(repositoryNames=["nowhere"])


def test_a_tag_means_the_registrys_own_digest(aws: AwsDouble, registry: str, repository: str) -> None:
    """DescribeImages gives by tag, and by digest, the index's true digest with all of its tags."""
    pushed = push_index(registry, repository, TAG)
    push_index(registry, repository, "f" * 40)
    ecr = client(aws, "ecr")
    for image_id in ({"imageTag": TAG}, {"imageDigest": pushed.digest}):
        (found,) = ecr.describe_images(repositoryName=repository, imageIds=[image_id])["imageDetails"]
        assert (found["imageDigest"], found["imageTags"]) == (pushed.digest, [TAG, "f" * 40])
        assert found["imageManifestMediaType"] == INDEX


def test_two_tags_of_one_image_are_one_detail(aws: AwsDouble, registry: str, repository: str) -> None:
    """Asked for by both of its tags, an image is told once."""
    for tag in (TAG, OTHER):
        push_image(registry, repository, tag)
    ids = [{"imageTag": TAG}, {"imageTag": OTHER}]
    assert len(client(aws, "ecr").describe_images(repositoryName=repository, imageIds=ids)["imageDetails"]) == 1


@pytest.mark.parametrize("image_id", [{"imageTag": "absent"}, {"imageDigest": ABSENT}])
def test_an_absent_image_is_refused(aws: AwsDouble, repository: str, image_id: dict[str, str]) -> None:
    """DescribeImages of a tag or digest that isn't there is ImageNotFoundException."""
    with pytest.raises(ClientError, match="does not exist within the repository") as caught:
        client(aws, "ecr").describe_images(repositoryName=repository, imageIds=[image_id])
    assert code(caught) == "ImageNotFoundException"


def test_details_come_in_pages(aws: AwsDouble, registry: str, repository: str) -> None:
    """Without imageIds every image is told, untagged platform images too, a page at a time."""
    index = push_index(registry, repository, TAG)
    paginator = client(aws, "ecr").get_paginator("describe_images")
    pages = list(paginator.paginate(repositoryName=repository, PaginationConfig={"PageSize": 2}))
    details = [detail for page in pages for detail in page["imageDetails"]]
    assert [len(page["imageDetails"]) for page in pages] == [2, 1]
    assert [detail["imageDigest"] for detail in details if "imageTags" in detail] == [index.digest]


def test_list_images_gives_a_line_a_tag(aws: AwsDouble, registry: str, repository: str) -> None:
    """ListImages repeats the digest for each tag; its filter leaves the untagged out."""
    for tag in (TAG, OTHER):
        push_index(registry, repository, tag)
    ecr, tagged = client(aws, "ecr"), {"tagStatus": "TAGGED"}
    pages = ecr.get_paginator("list_images").paginate(
        repositoryName=repository, filter=tagged, PaginationConfig={"PageSize": 1}
    )
    found = [one for page in pages for one in page["imageIds"]]
    assert {one["imageTag"] for one in found} == {TAG, OTHER}
    assert len({one["imageDigest"] for one in found}) == 1
    assert len(ecr.list_images(repositoryName=repository)["imageIds"]) == 4


def test_ids_and_pages_exclude_each_other(aws: AwsDouble, repository: str) -> None:
    """DescribeImages with both imageIds and maxResults is refused, as is an unreadable nextToken."""
    ecr = client(aws, "ecr")
    for call in ({"imageIds": [{"imageTag": TAG}], "maxResults": 5}, {"nextToken": "?"}):
        with pytest.raises(ClientError) as caught:
            ecr.describe_images(repositoryName=repository, **call)
        assert code(caught) == "InvalidParameterException"


def test_a_manifest_comes_byte_for_byte(aws: AwsDouble, registry: str, repository: str) -> None:
    """BatchGetImage gives the stored bytes, whose sha256 is the digest."""
    pushed = push_index(registry, repository, TAG)
    got = client(aws, "ecr").batch_get_image(repositoryName=repository, imageIds=[{"imageTag": TAG}])
    (image,) = got["images"]
    assert image["imageManifest"].encode() == pushed.content
    assert image["imageId"] == {"imageTag": TAG, "imageDigest": pushed.digest}
    assert got["failures"] == []


@pytest.mark.parametrize(
    ("image_id", "failure"),
    [
        ({"imageTag": "absent"}, "ImageNotFound"),
        ({"imageDigest": ABSENT}, "ImageNotFound"),
        ({"imageDigest": "sha256:short"}, "InvalidImageDigest"),
        ({"imageTag": "-no"}, "InvalidImageTag"),
        ({"imageTag": TAG, "imageDigest": ABSENT}, "ImageTagDoesNotMatchDigest"),
        ({}, "MissingDigestAndTag"),
    ],
)
def test_what_cannot_be_got_is_a_failure_beside_what_can(
    aws: AwsDouble, registry: str, repository: str, image_id: dict[str, str], failure: str
) -> None:
    """BatchGetImage answers with images and failures[], each failure with its code."""
    push_image(registry, repository, TAG)
    ids = [{"imageTag": TAG}, image_id]
    got = client(aws, "ecr").batch_get_image(repositoryName=repository, imageIds=ids)
    assert len(got["images"]) == 1
    assert [(one["imageId"], one["failureCode"]) for one in got["failures"]] == [(image_id, failure)]


def test_an_unaccepted_media_type_is_not_given(aws: AwsDouble, registry: str, repository: str) -> None:
    """An index isn't given to a caller that accepts image manifests alone."""
    push_index(registry, repository, TAG)
    ecr, ids = client(aws, "ecr"), [{"imageTag": TAG}]
    for accepted, given in ((MANIFEST, 0), (INDEX, 1)):
        got = ecr.batch_get_image(repositoryName=repository, imageIds=ids, acceptedMediaTypes=[accepted])
        assert (len(got["images"]), len(got["failures"])) == (given, 1 - given)


def test_put_image_adds_a_tag_to_the_same_digest(aws: AwsDouble, registry: str, repository: str) -> None:
    """The build role's PutImage of the exact bytes gives the real registry a second tag."""
    pushed = push_index(registry, repository, TAG)
    ecr = client(aws, "ecr", "promokit-build")
    call = {"repositoryName": repository, "imageManifest": pushed.content.decode(), "imageTag": OTHER}
    assert ecr.put_image(**call)["image"]["imageId"] == {"imageDigest": pushed.digest, "imageTag": OTHER}
    (found,) = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": OTHER}])["imageDetails"]
    assert found["imageTags"] == [TAG, OTHER]
    with pytest.raises(ClientError) as caught:
        ecr.put_image(**call)
    assert code(caught) == "ImageAlreadyExistsException"


def test_an_immutable_tag_does_not_move(aws: AwsDouble, registry: str, repository: str) -> None:
    """PutImage of a tag that means another digest is refused, and moves it only where tags are mutable."""
    first = push_image(registry, repository, TAG, "one")
    second = push_image(registry, repository, OTHER, "two")
    ecr = client(aws, "ecr", "promokit-build")
    call = {"repositoryName": repository, "imageManifest": second.content.decode(), "imageTag": TAG}
    with pytest.raises(ClientError) as caught:
        ecr.put_image(**call)
    assert code(caught) == "ImageTagAlreadyExistsException"
    assert digest_of(ecr, repository, TAG) == first.digest
    control(aws, "PUT", f"repositories/{repository}", {"imageTagMutability": "MUTABLE"})
    ecr.put_image(**call)
    assert digest_of(ecr, repository, TAG) == second.digest


def test_of_many_pushes_of_one_tag_one_wins(aws: AwsDouble, registry: str, repository: str) -> None:
    """Pushed at once, different images don't share an immutable tag."""
    manifests = [push_image(registry, repository, None, str(number)).content.decode() for number in range(6)]
    ecr = client(aws, "ecr", "promokit-build")

    def put(manifest: str) -> str:
        try:
            ecr.put_image(repositoryName=repository, imageManifest=manifest, imageTag=TAG)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "put"

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(put, manifests)) == ["ImageTagAlreadyExistsException"] * 5 + ["put"]


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"imageDigest": ABSENT}, "ImageDigestDoesNotMatchException"),
        ({"imageManifest": "no"}, "InvalidParameterException"),
        ({"imageTag": "not a tag"}, "InvalidParameterException"),
    ],
)
def test_a_wrong_put_is_refused(
    aws: AwsDouble, registry: str, repository: str, changed: dict[str, str], refusal: str
) -> None:
    """A digest that isn't the manifest's, a manifest that isn't JSON, a tag that can't be one."""
    manifest = push_image(registry, repository, TAG).content.decode()
    call = {"repositoryName": repository, "imageManifest": manifest, "imageTag": OTHER, **changed}
    with pytest.raises(ClientError) as caught:
        client(aws, "ecr", "promokit-build").put_image(**call)
    assert code(caught) == refusal


def test_a_manifest_without_its_images_is_refused(aws: AwsDouble, registry: str, repository: str) -> None:
    """An index whose images are in another repository isn't taken."""
    elsewhere = push_index(registry, repository + "-elsewhere", TAG)
    with pytest.raises(ClientError) as caught:
        client(aws, "ecr", "promokit-build").put_image(
            repositoryName=repository, imageManifest=elsewhere.content.decode(), imageTag=TAG
        )
    assert code(caught) == "ReferencedImagesNotFoundException"


@pytest.mark.parametrize("role", ["promokit-plan", "promokit-test", "promokit-sandbox", "promokit-prod"])
def test_only_the_build_role_pushes(aws: AwsDouble, registry: str, repository: str, role: str) -> None:
    """Any other role reads, but its PutImage is denied and leaves no tag."""
    pushed, ecr = push_image(registry, repository, TAG), client(aws, "ecr", role)
    with pytest.raises(ClientError, match="not authorized to perform: ecr:PutImage") as caught:
        ecr.put_image(repositoryName=repository, imageManifest=pushed.content.decode(), imageTag=OTHER)
    assert code(caught) == "AccessDeniedException"
    assert [one["imageTag"] for one in ecr.list_images(repositoryName=repository)["imageIds"]] == [TAG]


def test_a_login_token_names_the_registry(aws: AwsDouble) -> None:
    """GetAuthorizationToken gives AWS:password for the account's registry."""
    (found,) = client(aws, "ecr", "promokit-build").get_authorization_token()["authorizationData"]
    assert base64.b64decode(found["authorizationToken"]).startswith(b"AWS:")
    assert found["proxyEndpoint"] == "https://123456789012.dkr.ecr.us-east-1.amazonaws.com"


def test_a_layer_is_downloaded_by_its_own_url(aws: AwsDouble, registry: str, repository: str) -> None:
    """GetDownloadUrlForLayer permits one blob for an hour; the URL takes no other credentials beside it."""
    manifest = json.loads(push_image(registry, repository, TAG, "layer's bytes").content)
    digest = manifest["layers"][0]["digest"]
    told = client(aws, "ecr").get_download_url_for_layer(repositoryName=repository, layerDigest=digest)
    assert told["layerDigest"] == digest
    assert download(told["downloadUrl"]) == (200, b"layer's bytes")
    assert download(told["downloadUrl"], Authorization="Bearer x")[0] == 400
    assert download(told["downloadUrl"] + "x")[0] == 403
    control(aws, "POST", "clock", {"offset": 3600})
    assert download(told["downloadUrl"])[0] == 403


@pytest.mark.parametrize(
    ("digest", "refusal"), [(ABSENT, "LayersNotFoundException"), ("short", "InvalidParameterException")]
)
def test_an_absent_layer_is_refused(aws: AwsDouble, repository: str, digest: str, refusal: str) -> None:
    """A blob that isn't in the repository has no URL."""
    with pytest.raises(ClientError) as caught:
        client(aws, "ecr").get_download_url_for_layer(repositoryName=repository, layerDigest=digest)
    assert code(caught) == refusal


def download(url: str, **headers: str) -> tuple[int, bytes]:
    answer = requests.get(url, headers=headers, timeout=10)
    return answer.status_code, answer.content


def test_there_is_no_lifecycle_policy_until_one_is_set(aws: AwsDouble, repository: str) -> None:
    """GetLifecyclePolicy refuses at first, then gives the text that was set."""
    ecr = client(aws, "ecr")
    with pytest.raises(ClientError) as caught:
        ecr.get_lifecycle_policy(repositoryName=repository)
    assert code(caught) == "LifecyclePolicyNotFoundException"
    control(aws, "PUT", f"repositories/{repository}", {"lifecyclePolicy": '{"rules": []}'})
    assert ecr.get_lifecycle_policy(repositoryName=repository)["lifecyclePolicyText"] == '{"rules": []}'


def test_an_operation_fails_as_often_as_told(aws: AwsDouble) -> None:
    """An injected error meets the next N calls of its operation, others pass."""
    control(aws, "POST", "fail", {"operation": "ListImages", "error": "ThrottlingException", "times": 2})
    ecr = client(aws, "ecr")
    ecr.describe_repositories()
    for _ in range(2):
        with pytest.raises(ClientError, match="Rate exceeded") as caught:
            ecr.list_images(repositoryName="registry")
        assert code(caught) == "ThrottlingException"
    assert ecr.list_images(repositoryName="registry")["imageIds"] == []


def test_calls_are_kept_by_name_until_the_reset(aws: AwsDouble) -> None:
    """The journal names operations; a reset forgets it and puts the settings back."""
    client(aws, "ecr").describe_repositories()
    control(aws, "PUT", "repositories/registry", {"imageTagMutability": "MUTABLE"})
    assert [call["name"] for call in control(aws, "GET", "calls")["calls"]] == ["DescribeRepositories"]
    control(aws, "POST", "reset")
    assert control(aws, "GET", "calls") == {"calls": []}
    found = client(aws, "ecr").describe_repositories(repositoryNames=["registry"])["repositories"]
    assert found[0]["imageTagMutability"] == "IMMUTABLE"


def digest_of(ecr: Any, repository: str, tag: str) -> str:
    found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])["imageDetails"]
    return str(found[0]["imageDigest"])

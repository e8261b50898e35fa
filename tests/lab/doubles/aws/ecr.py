"""ECR, JSON 1.1: the operations that promokit and docker's login use, in front of the real registry."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from attrs import define, field

from tests.lab.doubles.aws.caller import caller
from tests.lab.doubles.aws.credentials import Credentials, Vault
from tests.lab.doubles.aws.errors import AwsError, denied
from tests.lab.doubles.aws.layers import Layers
from tests.lab.doubles.aws.names import ACCOUNT, REGION
from tests.lab.doubles.aws.paging import page
from tests.lab.doubles.aws.push import Push
from tests.lab.doubles.aws.registry import Registry
from tests.lab.doubles.aws.repositories import Repository
from tests.lab.doubles.messages import Request, Response, json_response

_TARGET = "AmazonEC2ContainerRegistry_V20150921."
_TYPE = {"Content-Type": "application/x-amz-json-1.1"}
_PUSHERS = {"promokit-build"}
Call = dict[str, Any]


def operation(request: Request) -> str:
    """The operation named by X-Amz-Target; empty where it isn't one of ECR's."""
    target = request.headers.get("x-amz-target", "")
    return target.removeprefix(_TARGET) if target.startswith(_TARGET) else ""


def refuse(error: AwsError) -> Response:
    """An error in the JSON protocol's shape; ECR tells every client error as 400."""
    status = error.status if error.status >= 500 else 400
    return json_response({"__type": error.code, "message": error.message}, status, _TYPE)


@define
class Ecr:
    """The account's repositories and the operations on them."""

    registry: Registry
    vault: Vault
    own_url: Callable[[], str]
    layers: Layers
    repositories: dict[str, Repository] = field(factory=dict)
    _push: Push = field(factory=Push)

    def __attrs_post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """The two repositories of the example system, with immutable tags."""
        self.repositories = {name: Repository(name, self.registry) for name in ("registry", "registry-branches")}

    def configure(self, name: str, settings: dict[str, Any]) -> None:
        """Creates a repository or changes its settings."""
        unknown = set(settings) - {"imageTagMutability", "lifecyclePolicy"}
        if unknown or settings.get("imageTagMutability", "MUTABLE") not in {"MUTABLE", "IMMUTABLE"}:
            raise ValueError(f"settings are imageTagMutability (MUTABLE, IMMUTABLE) and lifecyclePolicy: {settings}")
        repository = self.repositories.setdefault(name, Repository(name, self.registry))
        repository.mutability = settings.get("imageTagMutability", repository.mutability)
        repository.lifecycle_policy = settings.get("lifecyclePolicy", repository.lifecycle_policy)

    def answer(self, request: Request) -> Response:
        """The JSON answer to a call; AwsError to be told by `refuse`."""
        who = caller(request, "ecr", self.vault)
        run = self._operations().get(operation(request))
        if run is None:
            raise AwsError("UnknownOperationException", f"the double knows no {operation(request)}")
        return json_response(run(request.json(), who), headers=_TYPE)

    def _operations(self) -> dict[str, Callable[[Call, Credentials], dict[str, Any]]]:
        return {
            "DescribeRepositories": self._describe_repositories,
            "DescribeImages": self._describe_images,
            "ListImages": self._list_images,
            "BatchGetImage": self._batch_get_image,
            "PutImage": self._put_image,
            "GetAuthorizationToken": self._get_authorization_token,
            "GetDownloadUrlForLayer": self._get_download_url_for_layer,
            "GetLifecyclePolicy": self._get_lifecycle_policy,
        }

    def _describe_repositories(self, call: Call, _: Credentials) -> dict[str, Any]:
        names = call.get("repositoryNames")
        if not names:
            return page([found.describe() for found in self.repositories.values()], call, "repositories", 100)
        return {"repositories": [self._named(name, call).describe() for name in names]}

    def _describe_images(self, call: Call, _: Credentials) -> dict[str, Any]:
        repository = self._of(call)
        if ids := call.get("imageIds"):
            if "maxResults" in call or "nextToken" in call:
                raise AwsError("InvalidParameterException", "imageIds can't be given with maxResults or nextToken")
            wanted = dict.fromkeys(self._found(repository, image_id) for image_id in ids)
        else:
            wanted = dict.fromkeys(_filtered(repository.images(), call))
        tagged = repository.tagged()
        details = [
            repository.detail(stored, tagged.get(digest, []), self.vault.now())
            for digest in wanted
            if (stored := self.registry.manifest(repository.name, digest))
        ]
        return {"imageDetails": details} if ids else page(details, call, "imageDetails", 100)

    def _found(self, repository: Repository, image_id: dict[str, str]) -> str:
        try:
            return repository.find(image_id).digest
        except AwsError as error:
            if error.code.startswith(("Invalid", "Missing")):
                raise AwsError("InvalidParameterException", error.message) from None
            tag, digest = image_id.get("imageTag", "null"), image_id.get("imageDigest", "null")
            raise AwsError(
                "ImageNotFoundException",
                f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within"
                f" the repository with name '{repository.name}' in the registry with id '{ACCOUNT}'",
            ) from None

    def _list_images(self, call: Call, _: Credentials) -> dict[str, Any]:
        found = _filtered(self._of(call).images(), call)
        ids = [
            {"imageDigest": digest, **({"imageTag": tag} if tag else {})}
            for digest, tags in found.items()
            for tag in tags or [""]
        ]
        return page(ids, call, "imageIds", 100)

    def _batch_get_image(self, call: Call, _: Credentials) -> dict[str, Any]:
        repository, answer = self._of(call), {"images": list[Any](), "failures": list[Any]()}
        accepted = call.get("acceptedMediaTypes")
        for image_id in call.get("imageIds") or ():
            try:
                stored = repository.find(image_id)
                if accepted and stored.media_type not in accepted:
                    raise AwsError("ImageNotFound", "Requested image not found")
            except AwsError as error:
                failure = {"imageId": image_id, "failureCode": error.code, "failureReason": error.message}
                answer["failures"].append(failure)
                continue
            found = {**image_id, "imageDigest": stored.digest}
            answer["images"].append(image(repository.name, found, stored.content.decode(), stored.media_type))
        return answer

    def _put_image(self, call: Call, who: Credentials) -> dict[str, Any]:
        repository = self._of(call)
        if who.role not in _PUSHERS:
            raise denied(who.arn, "ecr:PutImage", repository.arn)
        digest, media_type = self._push.put(repository, call)
        image_id = {"imageDigest": digest, **({"imageTag": call["imageTag"]} if "imageTag" in call else {})}
        return {"image": image(repository.name, image_id, call["imageManifest"], media_type)}

    def _get_authorization_token(self, _: Call, who: Credentials) -> dict[str, Any]:
        text = base64.b64encode(f"AWS:{who.access_key}".encode()).decode()
        ends = (self.vault.now() + timedelta(hours=12)).timestamp()
        endpoint = f"https://{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
        return {"authorizationData": [{"authorizationToken": text, "expiresAt": ends, "proxyEndpoint": endpoint}]}

    def _get_download_url_for_layer(self, call: Call, _: Credentials) -> dict[str, Any]:
        return self.layers.permit(self._of(call), call["layerDigest"], self.own_url())

    def _get_lifecycle_policy(self, call: Call, _: Credentials) -> dict[str, Any]:
        repository = self._of(call)
        if repository.lifecycle_policy is None:
            raise AwsError(
                "LifecyclePolicyNotFoundException",
                f"Lifecycle policy does not exist for the repository with name '{repository.name}'"
                f" in the registry with id '{ACCOUNT}'",
            )
        name, text = repository.name, repository.lifecycle_policy
        return {"registryId": ACCOUNT, "repositoryName": name, "lifecyclePolicyText": text}

    def _of(self, call: Call) -> Repository:
        return self._named(call["repositoryName"], call)

    def _named(self, name: str, call: Call) -> Repository:
        account = call.get("registryId", ACCOUNT)
        if account != ACCOUNT or name not in self.repositories:
            raise AwsError(
                "RepositoryNotFoundException",
                f"The repository with name '{name}' does not exist in the registry with id '{account}'",
            )
        return self.repositories[name]


def image(repository: str, image_id: dict[str, str], manifest: str, media_type: str) -> dict[str, Any]:
    """The members of an Image."""
    return {
        "registryId": ACCOUNT,
        "repositoryName": repository,
        "imageId": image_id,
        "imageManifest": manifest,
        "imageManifestMediaType": media_type,
    }


def _filtered(images: dict[str, list[str]], call: Call) -> dict[str, list[str]]:
    status = (call.get("filter") or {}).get("tagStatus", "ANY")
    return {digest: tags for digest, tags in images.items() if status == "ANY" or bool(tags) == (status == "TAGGED")}

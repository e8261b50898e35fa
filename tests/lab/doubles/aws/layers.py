"""Downloads of layers and configs: a URL that is its own permission, for an hour, as ECR's are S3's."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from attrs import define, field

from tests.lab.doubles.aws.credentials import Vault
from tests.lab.doubles.aws.errors import AwsError
from tests.lab.doubles.aws.names import ACCOUNT
from tests.lab.doubles.aws.repositories import DIGEST, Repository
from tests.lab.doubles.messages import Request, Response

PATH = "/layers/"
_LIFE = timedelta(hours=1)


@define
class Layers:
    """The downloads that were permitted."""

    vault: Vault
    _permitted: dict[str, tuple[Repository, str, datetime]] = field(factory=dict)

    def permit(self, repository: Repository, digest: str, own_url: str) -> dict[str, Any]:
        """The members of GetDownloadUrlForLayer; AwsError where the repository hasn't got the layer."""
        if not DIGEST.fullmatch(digest):
            raise AwsError("InvalidParameterException", f"Invalid parameter at 'layerDigest': {digest}")
        if repository.registry.blob(repository.name, digest) is None:
            raise AwsError(
                "LayersNotFoundException",
                f"The layer '{digest}' doesn't exist in the repository with name '{repository.name}'"
                f" in the registry with id '{ACCOUNT}'",
            )
        secret = secrets.token_urlsafe(24)
        self._permitted[secret] = repository, digest, self.vault.now() + _LIFE
        return {"layerDigest": digest, "downloadUrl": f"{own_url}{PATH}{secret}"}

    def download(self, request: Request) -> Response:
        """The layer's bytes: 403 without a permission that still holds, 400 with a second one, as S3 does."""
        found = self._permitted.get(request.path.removeprefix(PATH))
        if found is None or found[2] <= self.vault.now():
            return _refusal(403, "AccessDenied", "Request has expired")
        if "authorization" in request.headers:
            return _refusal(400, "InvalidArgument", "Only one auth mechanism allowed")
        repository, digest, _ = found
        content = repository.registry.blob(repository.name, digest)
        return Response(200, content or b"", {"Content-Type": "application/octet-stream"})


def _refusal(status: int, code: str, message: str) -> Response:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(status, text.encode(), {"Content-Type": "application/xml"})

"""What went wrong at ECR, with a way out. Codes: the ECR API reference, "Errors" and "Common errors"."""

from __future__ import annotations

from typing import Any

from promokit.aws import of_credentials
from promokit.errors import ConfigError, PromokitError, Unreachable

_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
_NOT_KNOWN = (
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
)
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "OptInRequired")
_THROTTLED = (
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
)


def code_of(error: Exception) -> str:
    """The error code of the API; empty for an error of the client itself."""
    answer: dict[str, Any] = getattr(error, "response", {})
    return str(answer.get("Error", {}).get("Code", ""))


def translated(error: Exception, repository: str) -> PromokitError:
    """The promokit error that an error of botocore means."""
    code = code_of(error)
    if not code:
        return _of_the_client(error, repository)
    action = f"ecr:{getattr(error, 'operation_name', '*')}"
    if code == "RepositoryNotFoundException":
        return ConfigError(
            "there is no such repository",
            where=repository,
            remedy="check image.repository in promokit.yaml (account, region), or create the repository",
        )
    what, remedy = _by_code(code, action)
    return Unreachable(f"{what} ({action}: {code})", where=repository, remedy=remedy)


def _by_code(code: str, action: str) -> tuple[str, str]:
    if code in _EXPIRED:
        return "the AWS credentials have expired", "sign in, or start the workflow, again"
    if code in _NOT_KNOWN:
        return (
            "AWS doesn't know these credentials",
            "check AWS_PROFILE, the keys, the clock",
        )
    if code in _DENIED:
        return "AWS gives no access to the repository", f"allow {action} on it to the role in use"
    if code in _THROTTLED:
        return "ECR is throttling this account", "try again in a minute; look for a job that polls ECR"
    return "ECR refused the call", "look the error code up in the ECR API reference"


def _of_the_client(error: Exception, repository: str) -> PromokitError:
    from botocore import exceptions

    if trouble := of_credentials(error, repository):
        return trouble
    if isinstance(error, (exceptions.HTTPClientError, exceptions.ConnectionError)):
        what, remedy = "ECR could not be reached", "check the network, any proxy, and AWS_ENDPOINT_URL"
    else:
        what, remedy = "the call to ECR failed", "check the AWS configuration of this machine"
    return Unreachable(f"{what} ({type(error).__name__})", where=repository, remedy=remedy)

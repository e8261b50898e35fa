"""The STS double: identity, and temporary keys for whom a role's trust policy names."""

import base64
import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.doubles.aws_clients import client
from tests.doubles.control import control
from tests.lab.doubles.aws import AwsDouble
from tests.lab.doubles.aws.credentials import Credentials

pytestmark = pytest.mark.program

ROLE = "arn:aws:iam::123456789012:role/"


def jwt(**claims: Any) -> str:
    claims = {"aud": "sts.amazonaws.com", "exp": time.time() + 300, **claims}
    return "e30." + base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode() + ".c2ln"


def with_identity(aws: AwsDouble, role: str, token: str) -> Any:
    sts = client(aws, "sts")
    call = {"RoleArn": ROLE + role, "RoleSessionName": "run", "WebIdentityToken": token}
    return sts.assume_role_with_web_identity(**call)


def keys_of(told: dict[str, str]) -> Credentials:
    return Credentials(told["AccessKeyId"], told["SecretAccessKey"], told.get("SessionToken"), None, "", None)


def test_the_caller_is_the_roles_session(aws: AwsDouble) -> None:
    """GetCallerIdentity tells account, assumed-role ARN and a user id with the session's name."""
    told = client(aws, "sts", aws.assume("promokit-test", session="run-7")).get_caller_identity()
    assert told["Account"] == "123456789012"
    assert told["Arn"] == "arn:aws:sts::123456789012:assumed-role/promokit-test/run-7"
    assert told["UserId"].endswith(":run-7")


@pytest.mark.parametrize(
    ("role", "subject"),
    [
        ("promokit-build", "repo:acme/credreg:ref:refs/heads/master"),
        ("promokit-prod", "repo:acme/credreg:environment:prod"),
        ("promokit-plan", "repo:acme/credreg:ref:refs/heads/anything"),
    ],
)
def test_a_workflows_token_gives_its_role(aws: AwsDouble, role: str, subject: str) -> None:
    """AssumeRoleWithWebIdentity gives working keys to the subject that the role trusts."""
    told = with_identity(aws, role, jwt(sub=subject))
    assert told["SubjectFromWebIdentityToken"] == subject
    arn = client(aws, "sts", keys_of(told["Credentials"])).get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::123456789012:assumed-role/{role}/run"


@pytest.mark.parametrize(
    ("claims", "refusal"),
    [
        ({"sub": "repo:acme/credreg:environment:test"}, "AccessDenied"),
        ({"sub": "repo:acme/credreg:ref:refs/heads/master"}, "AccessDenied"),
        ({"sub": "repo:mallory/credreg:environment:prod"}, "AccessDenied"),
        ({"sub": "repo:acme/credreg:environment:prod", "aud": "elsewhere"}, "AccessDenied"),
        ({"sub": "repo:acme/credreg:environment:prod", "exp": 1}, "ExpiredTokenException"),
    ],
)
def test_prods_role_trusts_prods_environment_alone(aws: AwsDouble, claims: dict[str, Any], refusal: str) -> None:
    """Another environment, branch, repository or audience doesn't get prod's keys; an old token neither."""
    with pytest.raises(ClientError) as caught:
        with_identity(aws, "promokit-prod", jwt(**claims))
    assert caught.value.response["Error"]["Code"] == refusal


def test_what_is_no_token_is_refused(aws: AwsDouble) -> None:
    """Text that isn't a JWT is InvalidIdentityToken."""
    with pytest.raises(ClientError) as caught:
        with_identity(aws, "promokit-prod", "not-a-token")
    assert caught.value.response["Error"]["Code"] == "InvalidIdentityToken"


def test_a_user_assumes_a_role_and_a_role_does_not(aws: AwsDouble) -> None:
    """AssumeRole works for an operator's long-lived keys, and is denied to a role's session."""
    operator = keys_of(control(aws, "POST", "assume", {"user": "operator"}))
    call = {"RoleArn": ROLE + "promokit-prod", "RoleSessionName": "laptop"}
    told = client(aws, "sts", operator).assume_role(**call)
    assert told["AssumedRoleUser"]["Arn"].endswith(":assumed-role/promokit-prod/laptop")
    with pytest.raises(ClientError) as caught:
        client(aws, "sts", "promokit-test").assume_role(**call)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [({"RoleArn": ROLE + "nobody-knows"}, "AccessDenied"), ({"DurationSeconds": 43201}, "ValidationError")],
)
def test_a_wrong_assume_role_is_refused(aws: AwsDouble, changed: dict[str, Any], refusal: str) -> None:
    """A role that isn't there, or a session longer than STS allows."""
    sts = client(aws, "sts", keys_of(control(aws, "POST", "assume", {"user": "operator"})))
    with pytest.raises(ClientError) as caught:
        sts.assume_role(**{"RoleArn": ROLE + "promokit-prod", "RoleSessionName": "laptop", **changed})
    assert caught.value.response["Error"]["Code"] == refusal

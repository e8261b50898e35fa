"""Who the AWS double believes: its own keys, in time, rightly signed."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from attrs import evolve
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.exceptions import ClientError

from tests.doubles.aws_clients import client
from tests.doubles.control import control
from tests.lab.doubles.aws import AwsDouble
from tests.lab.doubles.aws.credentials import Credentials

pytestmark = pytest.mark.program

TARGET = "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"
# One harmless read of each service.
READS: dict[str, Callable[[Any], Any]] = {
    "ecr": lambda ecr: ecr.describe_repositories(),
    "eks": lambda eks: eks.describe_cluster(name="credreg-test"),
    "sts": lambda sts: sts.get_caller_identity(),
}


def refusal(aws: AwsDouble, service: str, who: Credentials) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        READS[service](client(aws, service, who))
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("ecr", ("UnrecognizedClientException", 400)),
        ("eks", ("UnrecognizedClientException", 403)),
        ("sts", ("InvalidClientTokenId", 403)),
    ],
)
def test_keys_that_nobody_handed_out_are_refused(aws: AwsDouble, service: str, told: tuple[str, int]) -> None:
    """An unknown key, and a known one with another session's token, in each service's own words."""
    known, other = aws.assume("promokit-plan"), aws.assume("promokit-prod")
    assert refusal(aws, service, evolve(known, access_key="ASIAUNKNOWN")) == told
    assert refusal(aws, service, evolve(known, token=other.token)) == told


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("ecr", ("ExpiredTokenException", 400)),
        ("eks", ("ExpiredTokenException", 403)),
        ("sts", ("ExpiredToken", 403)),
    ],
)
def test_keys_end(aws: AwsDouble, service: str, told: tuple[str, int]) -> None:
    """Keys past their Expiration are refused, in each service's own words."""
    assert refusal(aws, service, aws.assume("promokit-plan", minutes=-1)) == told


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("ecr", ("InvalidSignatureException", 400)),
        ("eks", ("InvalidSignatureException", 403)),
        ("sts", ("SignatureDoesNotMatch", 403)),
    ],
)
def test_a_wrong_signature_is_refused(aws: AwsDouble, service: str, told: tuple[str, int]) -> None:
    """A call signed with a wrong secret, or long ago by the double's clock, is refused."""
    known = aws.assume("promokit-plan", minutes=120)
    assert refusal(aws, service, evolve(known, secret="wrong")) == told
    control(aws, "POST", "clock", {"offset": 3000})
    assert refusal(aws, service, known) == told


def test_an_unsigned_call_is_refused(aws: AwsDouble) -> None:
    """Without an Authorization header there is no answer."""
    assert raw(aws, {})["__type"] == "MissingAuthenticationTokenException"


def test_a_call_signed_for_another_service_is_refused(aws: AwsDouble) -> None:
    """The credential scope must name the service that is called."""
    keys = aws.assume("promokit-plan")
    request = AWSRequest("POST", aws.url + "/", headers={"X-Amz-Target": TARGET}, data=b"{}")
    SigV4Auth(BotocoreCredentials(keys.access_key, keys.secret, keys.token), "sts", "us-east-1").add_auth(request)
    told = raw(aws, dict(request.headers))
    assert told["__type"] == "InvalidSignatureException"
    assert "scoped" in told["message"]


def raw(aws: AwsDouble, headers: dict[str, str]) -> dict[str, str]:
    """What ECR's double answers to a hand-made call."""
    answer = requests.post(aws.url, data=b"{}", headers={"X-Amz-Target": TARGET, **headers}, timeout=10)
    told: dict[str, str] = answer.json()
    return told


def test_control_hands_out_keys_that_work(aws: AwsDouble) -> None:
    """POST /_lab/assume gives STS's four members, good for calls in the role's name."""
    made = control(aws, "POST", "assume", {"role": "promokit-prod", "minutes": 30, "session": "deploy"})
    assert set(made) == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    keys = evolve(
        aws.assume("promokit-plan"),
        access_key=made["AccessKeyId"],
        secret=made["SecretAccessKey"],
        token=made["SessionToken"],
    )
    arn = client(aws, "sts", keys).get_caller_identity()["Arn"]
    assert arn == "arn:aws:sts::123456789012:assumed-role/promokit-prod/deploy"


@pytest.mark.parametrize("body", [{"role": "admin"}, {}, {"role": "promokit-prod", "minutes": "long"}])
def test_control_refuses_what_it_does_not_know(aws: AwsDouble, body: dict[str, str]) -> None:
    """A wrong control call is 400, so that a test can't go on with half a set-up."""
    with pytest.raises(requests.HTTPError, match="400"):
        control(aws, "POST", "assume", body)

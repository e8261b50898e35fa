"""The token webhook: good for one cluster, one quarter of an hour, one known caller."""

import base64
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
import requests
from attrs import evolve
from botocore.credentials import Credentials as Keys
from botocore.model import ServiceId
from botocore.session import Session
from botocore.signers import RequestSigner

from tests.doubles.control import control
from tests.lab.doubles.aws import AwsDouble
from tests.lab.doubles.aws.credentials import Credentials

pytestmark = pytest.mark.program

STS = "https://sts.us-east-1.amazonaws.com"


def presigned(who: Credentials, cluster: str | None = "credreg-test", host: str = STS, expires: int = 60) -> str:
    """A presigned STS URL by botocore, as `aws eks get-token` makes it."""
    keys, events = Keys(who.access_key, who.secret, who.token), Session().get_component("event_emitter")
    signer = RequestSigner(ServiceId("sts"), "us-east-1", "sts", "v4", keys, events)
    request = {
        "method": "GET",
        "url": f"{host}/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {"x-k8s-aws-id": cluster} if cluster else {},
        "context": {},
    }
    return str(signer.generate_presigned_url(request, expires_in=expires, operation_name=""))


def token(url: str) -> str:
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).rstrip(b"=").decode()


def review(aws: AwsDouble, text: str, cluster: str = "credreg-test") -> dict[str, Any]:
    """What the webhook answers the API server of a cluster."""
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": text}}
    told = control(aws, "POST", f"webhook/{cluster}?timeout=30s", asked)
    assert (told["apiVersion"], told["kind"]) == (asked["apiVersion"], "TokenReview")
    status: dict[str, Any] = told["status"]
    return status


def altered(url: str, **changed: str) -> str:
    parts = urlsplit(url)
    query = {
        **dict(parse_qsl(parts.query)),
        **{name.replace("_", "-"): text for name, text in changed.items()},
    }
    return urlunsplit(parts._replace(query=urlencode(query)))


def assert_refused(status: dict[str, Any], why: str) -> None:
    assert status["authenticated"] is False
    assert why in status["error"]
    assert "user" not in status


@pytest.mark.parametrize(
    ("role", "groups"),
    [
        ("promokit-plan", ["promokit:read"]),
        ("promokit-test", ["promokit:read", "promokit:deploy-test"]),
        ("promokit-sandbox", ["promokit:read", "promokit:deploy-sandbox"]),
        ("promokit-prod", ["promokit:read", "promokit:deploy-prod"]),
    ],
)
def test_a_good_token_names_the_role_and_its_groups(aws: AwsDouble, role: str, groups: list[str]) -> None:
    """The user is the assumed-role ARN with its session, in the groups of the role's access entry."""
    status = review(aws, token(presigned(aws.assume(role, session="run-7"))))
    assert status["authenticated"] is True
    assert status["user"]["username"] == f"arn:aws:sts::123456789012:assumed-role/{role}/run-7"
    assert status["user"]["groups"] == groups


@pytest.mark.parametrize("padded", [True, False])
def test_a_url_signed_for_the_double_itself_is_good(aws: AwsDouble, padded: bool) -> None:
    """A signer that obeys AWS_ENDPOINT_URL signs for the double; padding of the base64 doesn't matter."""
    text = token(presigned(aws.assume("promokit-plan"), host=aws.url))
    assert review(aws, text + "=" * (-len(text.partition(".")[2]) % 4) * padded)["authenticated"] is True


def test_a_token_is_good_for_a_quarter_of_an_hour(aws: AwsDouble) -> None:
    """Just under 15 minutes it holds whatever X-Amz-Expires says; at 15 it doesn't; nor before its time."""
    text = token(presigned(aws.assume("promokit-plan"), expires=60))
    control(aws, "POST", "clock", {"offset": 14 * 60})
    assert review(aws, text)["authenticated"] is True
    control(aws, "POST", "clock", {"offset": 15 * 60})
    assert_refused(review(aws, text), "older than 15 minutes")
    control(aws, "POST", "clock", {"offset": -6 * 60})
    assert_refused(review(aws, text), "from the future")


def test_a_token_is_good_for_one_cluster(aws: AwsDouble) -> None:
    """Another cluster's token is refused, since the signature covers the cluster's name."""
    text = token(presigned(aws.assume("promokit-prod"), cluster="credreg-test"))
    assert_refused(review(aws, text, cluster="credreg-live"), "another cluster")


def test_a_token_without_a_cluster_is_refused(aws: AwsDouble) -> None:
    """x-k8s-aws-id must be among the signed headers."""
    assert_refused(review(aws, token(presigned(aws.assume("promokit-prod"), cluster=None))), "x-k8s-aws-id")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"X_Amz_Signature": "0" * 64}, "doesn't hold"),
        ({"X_Amz_Expires": "900"}, "doesn't hold"),
        ({"X_Amz_Expires": "901"}, "at most 900"),
        ({"X_Amz_Expires": "soon"}, "at most 900"),
        ({"Action": "AssumeRole"}, "GetCallerIdentity"),
        ({"X_Amz_Algorithm": "none"}, "GetCallerIdentity"),
        ({"Version": "2011-06-16"}, "doesn't hold"),
        ({"Endpoint": "evil"}, "doesn't belong"),
        ({"X_Amz_Security_Token": "another"}, "invalid"),
        ({"X_Amz_Credential": "ASIAX/20260101/us-east-1/sts/aws4_request"}, "date"),
        ({"X_Amz_Credential": "nonsense"}, "incomplete"),
        ({"X_Amz_SignedHeaders": "host"}, "x-k8s-aws-id"),
    ],
)
def test_a_tampered_token_is_refused(aws: AwsDouble, changed: dict[str, str], why: str) -> None:
    """Any change of the URL is seen, with the reason told to the API server's log."""
    assert_refused(review(aws, token(altered(presigned(aws.assume("promokit-prod")), **changed))), why)


@pytest.mark.parametrize("host", ["https://sts.evil.example", "http://sts.us-east-1.amazonaws.com", STS + "/x"])
def test_a_url_of_another_host_is_refused(aws: AwsDouble, host: str) -> None:
    """Only STS itself, over https, or the double: a foreign host could answer anything."""
    assert_refused(review(aws, token(presigned(aws.assume("promokit-prod"), host=host))), "isn't STS's")


@pytest.mark.parametrize("text", ["", "abc", "k8s-aws-v1.", "k8s-aws-v1.ä", "k8s-aws-v1.!!!!", "k8s-aws-v2.aHR0cA"])
def test_what_is_no_token_is_refused(aws: AwsDouble, text: str) -> None:
    """Any other text is answered as unauthenticated, never with an error of the server."""
    assert review(aws, text)["authenticated"] is False


def test_unknown_and_expired_keys_are_refused(aws: AwsDouble) -> None:
    """The signer's keys must be known, their own, and still good."""
    known = aws.assume("promokit-prod")
    assert_refused(review(aws, token(presigned(evolve(known, access_key="ASIAUNKNOWN")))), "invalid")
    assert_refused(review(aws, token(presigned(evolve(known, secret="wrong")))), "doesn't hold")
    assert_refused(review(aws, token(presigned(aws.assume("promokit-prod", minutes=-1)))), "expired")


def test_a_role_without_an_access_entry_is_refused(aws: AwsDouble) -> None:
    """The build role's token is well made, but no cluster knows it."""
    assert_refused(review(aws, token(presigned(aws.assume("promokit-build")))), "no access entry")


def test_what_is_no_token_review_is_refused(aws: AwsDouble) -> None:
    """Another kind or version is 400."""
    with pytest.raises(requests.HTTPError, match="400"):
        control(aws, "POST", "webhook/credreg-test", {"apiVersion": "v1", "kind": "Pod"})

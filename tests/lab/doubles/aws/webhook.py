"""The token webhook of an EKS cluster: TokenReview in, TokenReview out.

A token is `k8s-aws-v1.` and the base64url of a presigned STS GetCallerIdentity URL that signs the cluster's
name in the header x-k8s-aws-id. The rules are aws-iam-authenticator's (pkg/token): the URL is good for 15
minutes from X-Amz-Date whatever X-Amz-Expires says, which may be at most 900.
"""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.lab.doubles.aws import sigv4
from tests.lab.doubles.aws.caller import parse_date
from tests.lab.doubles.aws.credentials import Credentials, Vault
from tests.lab.doubles.aws.errors import AwsError
from tests.lab.doubles.aws.names import ACCOUNT, GROUPS, REGION
from tests.lab.doubles.messages import Request, Response, json_response

_PREFIX = "k8s-aws-v1."
_CLUSTER_HEADER = "x-k8s-aws-id"
_LIFE = timedelta(minutes=15)
_SKEW = timedelta(minutes=5)
_PARAMETERS = {
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
}


class BadToken(Exception):
    """Why a token isn't accepted."""


def review(request: Request, cluster: str, vault: Vault, own_url: str) -> Response:
    """The TokenReview's answer for a cluster; 400 for a body that is no TokenReview v1."""
    asked = request.json()
    if asked.get("apiVersion") != "authentication.k8s.io/v1" or asked.get("kind") != "TokenReview":
        return json_response({"error": "a TokenReview of authentication.k8s.io/v1 is needed"}, 400)
    try:
        status = _accepted(authenticate(asked["spec"]["token"], cluster, vault, own_url))
    except BadToken as why:
        status = {"authenticated": False, "error": str(why)}
    return json_response({"apiVersion": asked["apiVersion"], "kind": "TokenReview", "status": status})


def authenticate(token: str, cluster: str, vault: Vault, own_url: str) -> Credentials:
    """Whose token it is; BadToken where it isn't one for this cluster, now."""
    url = urlsplit(_decode(token))
    pairs = parse_qsl(url.query, keep_blank_values=True)
    query = dict(pairs)
    if (url.scheme, url.netloc) not in _hosts(own_url) or url.path != "/" or url.fragment:
        raise BadToken("the URL isn't STS's")
    if len(query) != len(pairs) or not set(query) <= _PARAMETERS:
        raise BadToken("the URL has a parameter twice, or one that doesn't belong there")
    if query.get("Action") != "GetCallerIdentity" or query.get("X-Amz-Algorithm") != sigv4.ALGORITHM:
        raise BadToken("the URL isn't a presigned GetCallerIdentity")
    try:
        return _verified(query, url.netloc, cluster, vault)
    except AwsError as error:
        raise BadToken(error.message) from None


def _verified(query: dict[str, str], host: str, cluster: str, vault: Vault) -> Credentials:
    value = query.pop("X-Amz-Signature", "")
    signature = sigv4.parse(
        query.get("X-Amz-Credential", ""),
        query.get("X-Amz-SignedHeaders", ""),
        query.get("X-Amz-Date", ""),
        value,
    )
    if signature.service != "sts" or set(signature.signed_headers) != {"host", _CLUSTER_HEADER}:
        raise BadToken(f"the URL must be signed for sts, with host and {_CLUSTER_HEADER}")
    _fresh(query, vault)
    credentials = vault.find(signature.access_key, query.get("X-Amz-Security-Token"))
    headers = {"host": host, _CLUSTER_HEADER: cluster}
    canonical = sigv4.canonical_request("GET", "/", tuple(query.items()), headers, signature, b"")
    if not sigv4.holds(signature, credentials.secret, canonical):
        raise BadToken("the signature doesn't hold: tampered with, or a token for another cluster")
    return credentials


def _fresh(query: dict[str, str], vault: Vault) -> None:
    expires = query.get("X-Amz-Expires", "")
    if not expires.isascii() or not expires.isdigit() or int(expires) > 900:
        raise BadToken("X-Amz-Expires must be a number of seconds, at most 900")
    age = vault.now() - parse_date(query["X-Amz-Date"])
    if age >= _LIFE:
        raise BadToken("the token is older than 15 minutes")
    if age < -_SKEW:
        raise BadToken("the token is from the future")


def _decode(token: str) -> str:
    if not token.startswith(_PREFIX):
        raise BadToken(f"a token starts with {_PREFIX}")
    text = token.removeprefix(_PREFIX)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        raise BadToken("the token isn't base64url of a URL") from None


def _hosts(own_url: str) -> set[tuple[str, str]]:
    """STS's hosts, and the double itself: a signer that obeys AWS_ENDPOINT_URL signs for it."""
    own = urlsplit(own_url)
    return {
        ("https", f"sts.{REGION}.amazonaws.com"),
        ("https", "sts.amazonaws.com"),
        (own.scheme, own.netloc),
        (own.scheme, f"localhost:{own.port}"),
    }


def _accepted(who: Credentials) -> dict[str, Any]:
    groups = GROUPS.get(who.role or "")
    if groups is None:
        raise BadToken(f"no access entry for {who.arn}")
    user = {
        "username": who.arn,
        "uid": f"aws-iam-authenticator:{ACCOUNT}:{who.user_id.partition(':')[0]}",
        "groups": list(groups),
        "extra": {"arn": [who.arn], "sessionName": [who.name], "accessKeyId": [who.access_key]},
    }
    return {"authenticated": True, "user": user}

"""Signature Version 4, checked from the secret that the double itself handed out.

The rule: AWS IAM User Guide, "Create a signed AWS API request". Written out here, not borrowed from botocore,
so that a client's signature is judged by a second hand.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from attrs import frozen

from tests.lab.doubles.aws.errors import AwsError
from tests.lab.doubles.messages import Request

ALGORITHM = "AWS4-HMAC-SHA256"


@frozen
class Signature:
    """What a request says about its signature."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    amz_date: str
    value: str

    @property
    def scope(self) -> str:
        """The credential scope: date/region/service/aws4_request."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def from_header(request: Request) -> Signature | None:
    """The Authorization header's signature; None where there is none, AwsError where it can't be read."""
    header = request.headers.get("authorization", "")
    if not header:
        return None
    algorithm, _, rest = header.partition(" ")
    members = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if algorithm != ALGORITHM:
        raise _incomplete("the algorithm isn't " + ALGORITHM)
    return parse(
        members.get("Credential", ""),
        members.get("SignedHeaders", ""),
        request.headers.get("x-amz-date", ""),
        members.get("Signature", ""),
    )


def parse(credential: str, signed_headers: str, amz_date: str, value: str) -> Signature:
    """A signature of its four parts; AwsError(IncompleteSignature) where one is missing or misshapen."""
    parts = credential.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request" or not (signed_headers and value):
        raise _incomplete("Credential, SignedHeaders and Signature are needed")
    if not amz_date.startswith(parts[1]):
        raise _incomplete("the scope's date isn't the date of X-Amz-Date")
    key, date, region, service, _ = parts
    return Signature(key, date, region, service, tuple(signed_headers.split(";")), amz_date, value)


def canonical_request(
    method: str,
    path: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    signature: Signature,
    body: bytes,
) -> str:
    """The canonical request of a path as sent and decoded pairs; KeyError for an absent signed header."""
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query)
    lines = [f"{name}:{' '.join(headers[name].split())}" for name in signature.signed_headers]
    return "\n".join(
        [
            method,
            quote(path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            *lines,
            "",
            ";".join(signature.signed_headers),
            hashlib.sha256(body).hexdigest(),
        ]
    )


def holds(signature: Signature, secret: str, canonical: str) -> bool:
    """Whether the signature is the one that this secret gives."""
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join([ALGORITHM, signature.amz_date, signature.scope, hashed])
    key = f"AWS4{secret}".encode()
    for part in (signature.date, signature.region, signature.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature.value)


def _incomplete(why: str) -> AwsError:
    return AwsError("IncompleteSignatureException", f"Authorization is incomplete: {why}", 400)

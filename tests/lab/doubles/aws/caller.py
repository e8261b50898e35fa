"""Authentication of a signed call: known keys, not expired, a signature that holds."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from tests.lab.doubles.aws import sigv4
from tests.lab.doubles.aws.credentials import Credentials, Vault
from tests.lab.doubles.aws.errors import AwsError
from tests.lab.doubles.messages import Request

SKEW = timedelta(minutes=15)  # Signature Version 4 refuses a request whose date is further off.


def caller(request: Request, service: str, vault: Vault) -> Credentials:
    """Who signed the request for this service; AwsError where nobody did, or not rightly."""
    signature = sigv4.from_header(request)
    if signature is None:
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    if signature.service != service:
        raise _mismatch(f"Credential should be scoped to correct service: '{service}'.")
    credentials = vault.find(signature.access_key, request.headers.get("x-amz-security-token"))
    _in_time(signature.amz_date, vault)
    if not sigv4.holds(signature, credentials.secret, _canonical(request, signature)):
        raise _mismatch("The request signature we calculated does not match the signature you provided.")
    return credentials


def parse_date(amz_date: str) -> datetime:
    """X-Amz-Date as a time; AwsError where it isn't one."""
    try:
        return datetime.strptime(amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise AwsError("IncompleteSignatureException", f"not a date: {amz_date!r}") from None


def _in_time(amz_date: str, vault: Vault) -> None:
    if abs(vault.now() - parse_date(amz_date)) > SKEW:
        raise AwsError("InvalidSignatureException", f"Signature expired or not yet current: {amz_date}", 403)


def _canonical(request: Request, signature: sigv4.Signature) -> str:
    query = parse_qsl(urlsplit(request.target).query, keep_blank_values=True)
    try:
        return sigv4.canonical_request(request.method, request.path, query, request.headers, signature, request.body)
    except KeyError as absent:
        raise _mismatch(f"the signed header {absent} is absent") from None


def _mismatch(message: str) -> AwsError:
    return AwsError("InvalidSignatureException", message, 403)

"""STS, query protocol: who am I, and temporary credentials."""

import base64
import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from tests.lab.doubles.aws.caller import caller
from tests.lab.doubles.aws.credentials import Credentials, Vault
from tests.lab.doubles.aws.errors import AwsError
from tests.lab.doubles.aws.names import ACCOUNT, TRUST
from tests.lab.doubles.messages import Request, Response

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_REQUEST_ID = "c6104cbe-af31-11e0-8154-cbc7ccf896c7"
# The query protocol has names of its own for the common errors.
_CODES = {
    "ExpiredTokenException": "ExpiredToken",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "InvalidSignatureException": "SignatureDoesNotMatch",
}


def operation(request: Request) -> str:
    """The form's Action; empty where there is none."""
    return _form(request).get("Action", "")


def answer(request: Request, vault: Vault) -> Response:
    """The XML answer to a call; AwsError to be told by `refuse`."""
    form = _form(request)
    action = form.get("Action", "")
    if action == "AssumeRoleWithWebIdentity":
        return _result(action, _with_web_identity(form, vault))
    who = _caller(request, vault)
    if action == "GetCallerIdentity":
        return _result(action, {"Arn": who.arn, "UserId": who.user_id, "Account": ACCOUNT})
    if action == "AssumeRole":
        return _result(action, _assume(form, who, vault))
    raise AwsError("InvalidAction", f"Could not find operation {action}")


def refuse(error: AwsError) -> Response:
    """An error in the query protocol's shape."""
    kind = "Sender" if error.status < 500 else "Receiver"
    members = {"Type": kind, "Code": error.code, "Message": error.message}
    inner = f"<Error>{_elements(members)}</Error><RequestId>{_REQUEST_ID}</RequestId>"
    return _xml(inner, "ErrorResponse", error.status)


def _caller(request: Request, vault: Vault) -> Credentials:
    try:
        return caller(request, "sts", vault)
    except AwsError as error:
        raise AwsError(_CODES.get(error.code, error.code), error.message, error.status) from None


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _assume(form: Mapping[str, str], who: Credentials, vault: Vault) -> dict[str, Any]:
    role = _role(form)
    if who.role:  # The roles' trust policies name GitHub's OIDC provider and the operators, not one another.
        raise _denied(f"User: {who.arn} is not authorized to perform: sts:AssumeRole on: {form['RoleArn']}")
    return _session(form, role, vault)


def _with_web_identity(form: Mapping[str, str], vault: Vault) -> dict[str, Any]:
    role = _role(form)
    claims = _claims(form.get("WebIdentityToken", ""))
    if float(claims.get("exp", 0)) <= vault.now().timestamp():
        raise AwsError("ExpiredTokenException", "Token expired: its exp is in the past")
    trusted = fnmatchcase(str(claims.get("sub", "")), TRUST[role])
    if claims.get("aud") != "sts.amazonaws.com" or not trusted:
        raise _denied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
    provider = "arn:aws:iam::" + ACCOUNT + ":oidc-provider/token.actions.githubusercontent.com"
    identity = {"SubjectFromWebIdentityToken": claims["sub"], "Audience": claims["aud"], "Provider": provider}
    return {**_session(form, role, vault), **identity}


def _role(form: Mapping[str, str]) -> str:
    arn = form.get("RoleArn", "")
    role = arn.removeprefix(f"arn:aws:iam::{ACCOUNT}:role/")
    if not form.get("RoleSessionName"):
        raise AwsError("ValidationError", "Value at 'roleSessionName' failed to satisfy constraint: not null")
    if role not in TRUST:
        raise _denied(f"not authorized to perform: sts:AssumeRole on resource: {arn}")
    return role


def _session(form: Mapping[str, str], role: str, vault: Vault) -> dict[str, Any]:
    seconds = int(form.get("DurationSeconds", "3600"))
    if not 900 <= seconds <= 43200:
        raise AwsError("ValidationError", f"Value '{seconds}' at 'durationSeconds' must be between 900 and 43200")
    made = vault.assume(role, seconds / 60, form["RoleSessionName"])
    return {
        "Credentials": made.as_json(),
        "AssumedRoleUser": {"AssumedRoleId": made.user_id, "Arn": made.arn},
    }


def _denied(message: str) -> AwsError:
    return AwsError("AccessDenied", message, 403)


def _claims(token: str) -> dict[str, Any]:
    """The token's claims. Its signature can't be checked: no OIDC provider runs in the lab."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        raise AwsError("InvalidIdentityToken", "The ID Token provided is not a valid JWT.") from None
    if not isinstance(claims, dict):
        raise AwsError("InvalidIdentityToken", "The ID Token provided is not a valid JWT.")
    return claims


def _result(action: str, members: Mapping[str, Any]) -> Response:
    metadata = f"<ResponseMetadata><RequestId>{_REQUEST_ID}</RequestId></ResponseMetadata>"
    return _xml(f"<{action}Result>{_elements(members)}</{action}Result>{metadata}", f"{action}Response", 200)


def _elements(members: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_elements(value) if isinstance(value, dict) else escape(str(value))}</{name}>"
        for name, value in members.items()
    )


def _xml(inner: str, root: str, status: int) -> Response:
    text = f'<{root} xmlns="{_NAMESPACE}">{inner}</{root}>'
    return Response(status, text.encode(), {"Content-Type": "text/xml", "x-amzn-RequestId": _REQUEST_ID})

"""EKS, REST JSON: DescribeCluster of the lab's clusters."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.lab.doubles.aws.caller import caller
from tests.lab.doubles.aws.credentials import Vault
from tests.lab.doubles.aws.errors import AwsError, denied
from tests.lab.doubles.aws.names import ACCOUNT, GROUPS, REGION
from tests.lab.doubles.messages import Request, Response, json_response

_PATH = re.compile(r"/clusters/(?P<name>[^/]+)")
_CREATED = 1767225600.0  # seconds since the epoch; the same in every run


def operation(request: Request) -> str:
    """The operation that method and path mean; empty for one that the double doesn't know."""
    return "DescribeCluster" if request.method == "GET" and _PATH.fullmatch(request.path) else ""


def answer(request: Request, vault: Vault, clusters: Path) -> Response:
    """The answer to DescribeCluster, from the lab's file of clusters; AwsError to be told by `refuse`."""
    who = caller(request, "eks", vault)
    match = _PATH.fullmatch(request.path)
    if request.method != "GET" or match is None:
        raise AwsError("AccessDeniedException", f"the double knows no {request.method} {request.path}", 403)
    name = unquote(match["name"])
    if who.role and who.role not in GROUPS:
        raise denied(who.arn, "eks:DescribeCluster", _arn(name))
    found = _clusters(clusters).get(name)
    if found is None:
        raise AwsError("ResourceNotFoundException", f"No cluster found for name: {name}.", 404, clusterName=name)
    return json_response({"cluster": _cluster(name, found)})


def refuse(error: AwsError) -> Response:
    """An error in the REST JSON protocol's shape."""
    status = 403 if error.code == "AccessDeniedException" else error.status
    body = {"message": error.message, **error.members}
    return json_response(body, status, {"x-amzn-ErrorType": error.code})


def _clusters(file: Path) -> dict[str, dict[str, str]]:
    if not file.exists():  # The lab writes it when its API servers answer.
        return {}
    found: dict[str, dict[str, str]] = json.loads(file.read_text())["clusters"]
    return found


def _cluster(name: str, found: dict[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "arn": _arn(name),
        "createdAt": _CREATED,
        "version": "1.36",
        "endpoint": found["endpoint"],
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/eks-{name}",
        "certificateAuthority": {"data": found["ca"]},
        "status": "ACTIVE",
        "accessConfig": {"authenticationMode": "API"},
        "platformVersion": "eks.1",
        "tags": {},
    }


def _arn(name: str) -> str:
    return f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{name}"

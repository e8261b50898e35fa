"""Pages of a list, the way ECR gives them."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from tests.lab.doubles.aws.errors import AwsError


def page(items: Sequence[Any], call: Mapping[str, Any], member: str, default: int) -> dict[str, Any]:
    """The page that the call asks for, under `member`, with nextToken where more follow."""
    size = call.get("maxResults", default)
    if not 1 <= size <= 1000:
        raise AwsError("InvalidParameterException", f"maxResults must be between 1 and 1000, not {size}")
    start = _start(call.get("nextToken"))
    found: dict[str, Any] = {member: list(items[start : start + size])}
    if start + size < len(items):
        found["nextToken"] = base64.b64encode(f"from {start + size}".encode()).decode()
    return found


def _start(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.b64decode(token, validate=True).decode().removeprefix("from "))
    except (binascii.Error, ValueError):
        raise AwsError("InvalidParameterException", "Invalid parameter at 'nextToken'") from None

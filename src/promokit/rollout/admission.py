"""Refused by an admission policy: tried again for a while, since it may not have seen the newest list of what may run.

The API server watches a policy's parameters: what was written to them a moment ago isn't known to each server yet.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TypeVar

from promokit.cluster.transport import ApiError
from promokit.errors import NotAccepted

T = TypeVar("T")
AGAIN_FOR_SECONDS = 10.0
_EVERY_SECONDS = 0.5
_POLICY = re.compile(r"(Validating|Mutating)AdmissionPolicy '|admission webhook \"")
"""How an API server begins such a word (apiserver: pkg/admission/plugin/policy, plugin/webhook/errors)."""


class Denied(NotAccepted):
    """An admission policy or webhook said no."""


def denial(error: ApiError, what: str) -> Denied | None:
    """Return the refusal that an admission policy's word is; None where the API server's answer is another one."""
    if error.status not in {400, 403, 422} or not _POLICY.search(error.what):
        return None
    return Denied(
        f"an admission policy refused the change of {what}: {error.what}",
        where=error.where,
        remedy="let the policy named there allow this image, or bring one that it allows",
    )


def while_denied(ask: Callable[[], T], given_up: Callable[[], object] = lambda: None) -> T:
    """Return what `ask` returns, asked again for ten seconds while it is Denied, or until `given_up` says so."""
    until = time.monotonic() + AGAIN_FOR_SECONDS
    while True:
        try:
            return ask()
        except Denied:
            if given_up() or time.monotonic() + _EVERY_SECONDS > until:
                raise
            time.sleep(_EVERY_SECONDS)

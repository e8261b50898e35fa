"""Who the API server says we are."""

from __future__ import annotations

import json

from promokit.cluster.transport import Transport
from promokit.errors import PromokitError


def own_name(transport: Transport) -> str:
    """Return the API server's own name for us (SelfSubjectReview); empty text where it doesn't tell."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = transport.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body=body)
        return str(json.loads(answer.data)["status"]["userInfo"]["username"])
    except (PromokitError, ValueError, KeyError, TypeError):
        return ""

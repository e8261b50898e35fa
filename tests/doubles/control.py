"""The control endpoints, as another process would call them."""

from typing import Any

import requests

from tests.lab.doubles.double import Double


def control(double: Double, method: str, path: str, body: Any = None) -> Any:
    """The answer of /_lab/<path>; requests.HTTPError where it isn't a success."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(method, f"{double.url}/_lab/{path}", json=body, timeout=10)
    answer.raise_for_status()
    return answer.json()

"""Speaking to the doubles' control endpoints: JSON in, JSON out, over loopback, never through a proxy."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

AWS = "http://127.0.0.1:14566"
GITHUB = "http://127.0.0.1:14567"
SLACK = "http://127.0.0.1:14568"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method: str, url: str, body: object = None) -> Any:
    """Send a request to a double and return what it answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - the lab's own address
        url, data, {"Content-Type": "application/json"}, method=method
    )
    with _OPENER.open(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def add_ci_run(sha: str, run_id: int, *, conclusion: str | None = "success", workflow: str = "ci.yaml") -> None:
    """Tell the GitHub double that CI ran for a commit on master; None: it still runs."""
    run = {
        "id": run_id,
        "number": run_id,
        "workflow": workflow,
        "event": "push",
        "branch": "master",
        "sha": sha,
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
    }
    call("POST", f"{GITHUB}/_lab/runs", run)


def approve(run_id: int, **people: str) -> None:
    """Have people approve environments of a run: `approve(7, prod_approval="bob", prod="carol")`."""
    for environment, person in people.items():
        review = {"environments": [environment.replace("_", "-")], "state": "approved", "user": person}
        call("POST", f"{GITHUB}/_lab/runs/{run_id}/approvals", review)


def slack_messages() -> list[dict[str, Any]]:
    """Return what was posted to Slack so far."""
    messages: list[dict[str, Any]] = call("GET", f"{SLACK}/_lab/messages")["messages"]
    return messages

"""What GitHub says of one promotion, over a real socket; a test changes the documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from attrs import define, field

from tests.github.documents import account, comparison, environment, review, run
from tests.http_server import Answer, Asked

ROOT = "/repos/acme/credreg"
OUR_RUN = 900


@define
class GitHubSide:
    """`documents` by path; a list of documents is answered one by one, the last one again and again.

    By default: CI succeeded, the commit is on master, and bob and carol have approved alice's run.
    """

    revision: str
    documents: dict[str, list[Any]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        began = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        ours = run(id=OUR_RUN, event="workflow_dispatch", triggering_actor=account(), created_at=began)
        reviews = [
            review(environments=[{"id": 1, "name": "prod-approval"}]),
            review(environments=[{"id": 2, "name": "prod"}], user=account("carol", number=3)),
        ]
        self.documents = {
            "/actions/workflows/ci.yaml/runs": [{"workflow_runs": [run(head_sha=self.revision)]}],
            f"/actions/runs/{OUR_RUN}": [ours],
            f"/actions/runs/{OUR_RUN}/approvals": [reviews],
            f"/compare/master...{self.revision}": [comparison(status="behind")],
        }
        for name in ("prod-approval", "prod"):
            self.documents[f"/environments/{name}"] = [environment(name=name)]
            policies = {"branch_policies": [{"name": "master"}]}
            self.documents[f"/environments/{name}/deployment-branch-policies"] = [policies]

    def respond(self, asked: Asked) -> Answer:
        """Answer as GitHub does, with an ETag by which asking again is conditional."""
        answers = self.documents.get(asked.path.removeprefix(ROOT))
        if answers is None:
            return Answer(404, b"{}")
        body = json.dumps(answers.pop(0) if len(answers) > 1 else answers[0]).encode()
        tag = f'"{hash(body)}"'
        if asked.headers.get("If-None-Match") == tag:
            return Answer(304)
        return Answer(200, body, {"ETag": tag})

    def environ(self, url: str) -> dict[str, str]:
        """The variables of the run that promotes."""
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": url,
            "GITHUB_REPOSITORY": "acme/credreg",
            "GITHUB_RUN_ID": str(OUR_RUN),
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_REF": "refs/heads/master",
            "GITHUB_TRIGGERING_ACTOR": "alice",
        }

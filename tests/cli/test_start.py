"""What a rollback loads on its way: somebody waits for it, and each client costs a good part of a second."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promokit.ledger.record import entry
from promokit.ledger.store import append
from tests.cluster.api_server import ApiServer
from tests.cluster.kubeconfig import write_kubeconfig
from tests.http_server import Answer, Asked, Respond, Server
from tests.manifest_objects import Controller, deployment_json
from tests.registry.documents import LINUX_AMD64, child, digest_of, image, index

UNUSED = (
    *("boto3", "kubernetes", "oauthlib", "pydantic", "requests", "slack_sdk", "tenacity"),
    *("promokit.gates", "promokit.github.api", "promokit.promotion.plan", "promokit.registry.oci", "promokit.slack"),
)
REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app"
INDEX = index(child(image(), LINUX_AMD64))
OLD = f"{REPOSITORY}:2026.01.02.0003@{digest_of(INDEX)}"
NEW = f"{REPOSITORY}:2026.01.02.0004@sha256:{'4' * 64}"
PROGRAM = f"""
import atexit, sys
from promokit.cli import main
atexit.register(lambda: print("loaded:", *[each for each in {UNUSED} if each in sys.modules]))
main()
"""


@pytest.fixture
def ecr(serve: Callable[[Respond], Server]) -> Server:
    """ECR's API, which has the old image."""
    found = {"imageId": {"imageDigest": str(digest_of(INDEX))}, "imageManifest": INDEX.decode()}

    def answer(asked: Asked) -> Answer:
        assert asked.headers["X-Amz-Target"].endswith(".BatchGetImage")
        body = json.dumps({"images": [found], "failures": []}).encode()
        return Answer(body=body, headers={"Content-Type": "application/x-amz-json-1.1"})

    return serve(answer)


def test_a_rollback_loads_no_client_that_it_does_not_need(api: ApiServer, ecr: Server, tmp_path: Path) -> None:
    """Neither the kubernetes client, for a plain kubeconfig, nor anything of gates, GitHub and Slack."""
    api.reactions.append(Controller(api))
    api.put("deployments", "web", deployment_json("web", NEW))
    now = datetime.now(UTC)
    begun = entry("opened", "promotion", "op", now, image=OLD, previous={})
    ended = entry("closed", "promotion", "op", now, outcome="succeeded", reason="complete")
    append(api.namespace(), lambda book: [begun, ended])
    environment = {"namespace": "credreg-test", "workloads": ["web/web"], "stable-for": "0s"}
    pipeline = {"image": {"repository": REPOSITORY, "branch": "master"}, "environments": {"prod": environment}}
    (tmp_path / "promokit.yaml").write_text(json.dumps(pipeline))
    environ = {
        **{"KUBECONFIG": str(write_kubeconfig(tmp_path, api.url)), "HOME": str(tmp_path)},
        **{"AWS_ENDPOINT_URL": ecr.url, "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret"},
    }
    command = [sys.executable, "-c", PROGRAM, "rollback", "prod", "--yes"]
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(ecr.asked) == 1
    assert done.stdout.splitlines()[-1] == "loaded:"

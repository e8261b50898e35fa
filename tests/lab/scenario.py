"""The example system's story on the lab: merges, workflow runs, approvals, and what the real parts then say."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from tests.lab import act, control
from tests.lab.act_log import Progress
from tests.lab.commands import kubectl, run
from tests.lab.layout import ENVIRONMENTS, ORIGIN, Environment

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/registry"
REGISTRY = "http://127.0.0.2"
_AUTHOR = ("-c", "user.name=Alice", "-c", "user.email=alice@promokit.test", "-c", "commit.gpgsign=false")
_MANIFESTS = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"


@frozen
class Running:
    """What a namespace runs: each Deployment's image by its spec, and the imageIDs of its Ready pods."""

    spec: dict[str, str]
    image_ids: dict[str, set[str]]


@define
class Story:
    """Runs workflows as people would. Each run has an id and a number of its own."""

    progress: Progress | None = None
    lab: act.Lab = field(factory=act.Lab.running)
    next_run: int = 5001

    def merge(self, title: str, files: Mapping[str, str], *, ci: str | None = "success", branch: str = "master") -> str:
        """Commit files to a branch of the repository, have CI run for it, and return the commit."""
        with tempfile.TemporaryDirectory(prefix="promokit-merge-") as folder:
            tree = Path(folder) / "tree"
            run("git", "clone", "--quiet", "--branch", "master", str(ORIGIN), str(tree))
            for name, text in files.items():
                (tree / name).write_text(text)
            run("git", "-C", str(tree), "add", "--all")
            run("git", *_AUTHOR, "-C", str(tree), "commit", "--quiet", "--allow-empty", "--message", title)
            run("git", "-C", str(tree), "push", "--quiet", "--force", str(ORIGIN), f"HEAD:{branch}")
            sha = run("git", "-C", str(tree), "rev-parse", "HEAD").strip()
        if branch == "master":
            control.add_ci_run(sha, self._next(), conclusion=ci)
        return sha

    def build(self, sha: str, **facts: Any) -> act.ActRun:
        """Run build.yaml as the push of a commit to master starts it; it deploys to TEST."""
        return self.start("build.yaml", event="push", sha=sha, **facts)

    def start(self, workflow: str, *, approvals: Mapping[str, str] | None = None, **facts: Any) -> act.ActRun:
        """Run a workflow, approved as said: `{"prod-approval": "bob", "prod": "carol"}`."""
        number = self._next()
        facts = {"run_id": number, "run_number": number, "triggering_actor": facts.get("actor", "alice"), **facts}
        control.call("POST", f"{control.GITHUB}/_lab/runs", {"id": facts["run_id"]})
        for environment, person in (approvals or {}).items():
            control.approve(facts["run_id"], **{environment.replace("-", "_"): person})
        return act.run(act.Dispatch(workflow=workflow, **facts), self.lab, self.progress)

    def _next(self) -> int:
        self.next_run += 1
        return self.next_run


def environment(name: str) -> Environment:
    """Return an environment of the lab by its name."""
    return next(each for each in ENVIRONMENTS if each.name == name)


def running(name: str) -> Running:
    """Ask the cluster itself what an environment runs."""
    where = environment(name)
    listed = kubectl(where.cluster.kubeconfig, "get", "deployments,pods", "--namespace", where.namespace, "-o", "json")
    items = json.loads(listed)["items"]
    spec, image_ids = {}, {}
    for each in (item for item in items if item["kind"] == "Deployment"):
        deployment = each["metadata"]["name"]
        spec[deployment] = each["spec"]["template"]["spec"]["containers"][0]["image"]
        labels = each["spec"]["selector"]["matchLabels"].items()
        image_ids[deployment] = {
            status["imageID"]
            for pod in items
            if pod["kind"] == "Pod" and labels <= pod["metadata"]["labels"].items()
            for status in pod["status"].get("containerStatuses", ())
            if status["ready"]
        }
    return Running(spec, image_ids)


def versions(name: str) -> dict[str, str]:
    """Return the resourceVersions of an environment's workloads, Jobs and ledger: equal means nothing was changed.

    The status of a Deployment may move by itself, so of a workload it is the generation that counts.
    """
    where = environment(name)
    kinds = "deployments.apps,jobs.batch,configmaps"
    listed = kubectl(where.cluster.kubeconfig, "get", kinds, "--namespace", where.namespace, "-o", "json")
    return {
        f"{each['kind']}/{each['metadata']['name']}": str(
            each["metadata"].get("generation", each["metadata"]["resourceVersion"])
        )
        for each in json.loads(listed)["items"]
    }


def schema(name: str) -> list[str]:
    """Return the versions in an environment's own database, oldest first; none before the first migration."""
    state = json.loads(Path("/run/promokit-lab/lab.json").read_text())
    query = "SELECT version FROM schema_migrations ORDER BY version"
    done = subprocess.run(
        ["psql", state["postgres"][name], "--no-psqlrc", "--tuples-only", "--no-align", "--command", query],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split() if done.returncode == 0 else []


def registry_tags(repository: str = "registry") -> dict[str, str]:
    """Ask the real registry for every tag and its digest."""
    listed = control.call("GET", f"{REGISTRY}/v2/{repository}/tags/list")
    return {tag: _digest(repository, tag) for tag in listed["tags"] or ()}


def _digest(repository: str, tag: str) -> str:
    import urllib.request

    request = urllib.request.Request(  # noqa: S310 - the lab's own address
        f"{REGISTRY}/v2/{repository}/manifests/{tag}", headers={"Accept": _MANIFESTS}, method="HEAD"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return str(answer.headers["Docker-Content-Digest"])

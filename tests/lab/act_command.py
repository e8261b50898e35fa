"""The command line and environment of act: what a run on GitHub would know, from the lab instead."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from attrs import Factory, frozen

from tests.lab.build import COMPILING

CHECKOUT = Path(__file__).resolve().parents[2]
STANDINS = Path(__file__).resolve().parent / "standins"
STATE = Path("/run/promokit-lab/lab.json")
REPOSITORY = "acme/credreg"

# A step inherits act's environment. What names a package index or certificates stays; what would steer a
# step, git or act goes.
FOREIGN = re.compile(
    "(GITHUB|RUNNER|ACTIONS|ACT|AWS|KUBE|PYTHON|SLACK|INPUT|PROMOKIT|XDG|DOCKER|BUILDX)_?|GIT_|VIRTUAL_ENV|CI$"
)


@frozen(kw_only=True)
class Lab:
    """What a run needs of the lab; the addresses are the lab's own. Without `github` no run is told to it."""

    origin: Path
    bin: Path = Path("/run/promokit-lab/bin")
    buildkit: str = "unix:///run/promokit-lab/buildkit/buildkitd.sock"
    aws: str = "http://127.0.0.1:14566"
    github: str | None = "http://127.0.0.1:14567"
    slack: str = "http://127.0.0.1:14568/api/"
    environments: Path = Path.home() / ".cache/promokit-lab/environments"

    @classmethod
    def running(cls) -> Lab:
        """The lab that `python -m tests.lab up` started."""
        told = json.loads(STATE.read_text())
        return cls(origin=Path(told["origin"]), bin=Path(told["bin"]), buildkit=told["buildkit"])


@frozen(kw_only=True)
class Dispatch:
    """What starts a run: GitHub's facts of it, the inputs of a workflow_dispatch, variables for the steps."""

    workflow: str
    event: str = "workflow_dispatch"
    inputs: Mapping[str, str] = Factory(dict)
    ref: str = "master"
    sha: str | None = None
    run_id: int = 1000
    run_number: int = 1
    attempt: int = 1
    actor: str = "alice"
    triggering_actor: str | None = None
    variables: Mapping[str, str] = Factory(dict)


def command(home: Path, dispatch: Dispatch, lab: Lab) -> list[str]:
    """act's command line, for a clone in `home`/clone."""
    workflows = Path(".github/workflows")
    return [
        *(
            str(CHECKOUT / ".venv/bin/act"),
            dispatch.event,
            "-W",
            str(workflows / dispatch.workflow),
            "--json",
        ),
        *("-P", "ubuntu-latest=-self-hosted", "--actor", dispatch.actor, "--no-cache-server"),
        *("--action-cache-path", str(home / "actions"), "--use-new-action-cache", "--action-offline-mode"),
        *("--secret", "GITHUB_TOKEN=lab-github-token", "--secret", "SLACK_BOT_TOKEN=xoxb-lab"),
        *_options("--local-repository", {it: str(standin(it)) for it in pinned(home / "clone" / workflows)}),
        *_options("--env", _variables(dispatch, lab)),
        *_options("--input", dispatch.inputs),
    ]


def environ(home: Path, lab: Lab) -> dict[str, str]:
    """act's environment: the machine's less what is foreign, a home of its own, the user's package caches."""
    kept = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
    user = Path.home()
    caches = {
        "UV_CACHE_DIR": ".cache/uv",
        "PIP_CACHE_DIR": ".cache/pip",
        "GOCACHE": ".cache/go-build",
        "GOPATH": "go",
    }
    own = {"HOME": "", "XDG_CONFIG_HOME": "config", "XDG_CACHE_HOME": "cache", "BUILDX_CONFIG": "buildx"}
    return {
        **{name: str(user / path) for name, path in caches.items()},
        **kept,
        **{name: str(home / path) for name, path in own.items()},
        **COMPILING,
        "PATH": os.pathsep.join([str(lab.bin), kept.get("PATH", os.defpath), *_tools()]),
    }


def pinned(workflows: Path) -> set[str]:
    """Every `owner/name@commit` that the workflows use, but for checkout, which act does itself."""
    texts = (path.read_text() for path in workflows.glob("*.yaml"))
    used = {it for text in texts for it in re.findall(r"uses: ([\w.-]+/[\w./-]+@\S+)", text)}
    return {it for it in used if not it.startswith("actions/checkout@")}


def standin(used: str) -> Path:
    """The folder that stands for an action. LookupError without one: act would ask GitHub for it."""
    folder = STANDINS / used.partition("@")[0].rpartition("/")[2]
    if not folder.is_dir():
        raise LookupError(f"Nothing stands for {used}. Remedy: make {folder}.")
    return folder


def _options(option: str, values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (option, f"{name}={value}")]


def _tools() -> list[str]:
    """Where `make setup` put uv, if the machine has none."""
    return [] if shutil.which("uv") else [str(CHECKOUT / ".tools/bin")]


def _variables(dispatch: Dispatch, lab: Lab) -> dict[str, str]:
    """What GitHub, AWS and Slack are for the steps."""
    given = {
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_RUN_ID": str(dispatch.run_id),
        "GITHUB_RUN_NUMBER": str(dispatch.run_number),
        "GITHUB_RUN_ATTEMPT": str(dispatch.attempt),
        "GITHUB_API_URL": lab.github or "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL": lab.aws,
        "SLACK_API_URL": lab.slack,
        "LAB_BUILDKIT": lab.buildkit,
        "PROMOKIT_CACHE": str(lab.environments),
    }
    if dispatch.triggering_actor:
        given["GITHUB_TRIGGERING_ACTOR"] = dispatch.triggering_actor
    return {**given, **dispatch.variables}

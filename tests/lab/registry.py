"""The registry that stands behind the ECR host's name: Debian's docker-registry on loopback."""

from __future__ import annotations

import json
import shutil
import urllib.request
from email.message import Message

from tests.lab import processes
from tests.lab.layout import DATA, ECR_HOST, REGISTRY_ADDRESS, REGISTRY_URL, REPOSITORIES, RUN

HOSTS = RUN / "hosts"
"""A hosts file that gives the ECR host's name this registry's address, for the lab's mount namespaces."""


def start() -> None:
    """Start the registry; its storage is the lab's data."""
    config = {
        "version": "0.1",
        "log": {"level": "warn"},
        # No cache of blob descriptors: `empty` removes repositories while the registry runs.
        "storage": {"filesystem": {"rootdirectory": str(DATA / "registry")}, "delete": {"enabled": True}},
        "http": {"addr": f"{REGISTRY_ADDRESS}:80"},
    }
    RUN.mkdir(parents=True, exist_ok=True)
    (RUN / "registry.json").write_text(json.dumps(config))
    HOSTS.write_text(f"127.0.0.1 localhost\n::1 localhost\n{REGISTRY_ADDRESS} {ECR_HOST}\n")
    processes.start("registry", ["docker-registry", "serve", RUN / "registry.json"])


def wait() -> None:
    """Wait until the registry answers."""
    processes.wait_until(
        "registry",
        answers,
        seconds=20,
        remedy=f"look whether another program uses port 80 of {REGISTRY_ADDRESS}.",
    )


def answers() -> bool:
    """Whether the registry answers."""
    return isinstance(get("/v2/"), dict)


def get(path: str) -> object | None:
    """What the registry says at `path`, as JSON; None where there's nothing or nobody."""
    answer = _ask(path)
    return None if answer is None else json.loads(answer[0])


def digest(repository: str, tag: str) -> str | None:
    """The digest that a tag has in the registry; None where there's none."""
    answer = _ask(f"/v2/{repository}/manifests/{tag}")
    return None if answer is None else answer[1]["Docker-Content-Digest"]


def empty() -> None:
    """Forget the example's images and tags; the pause image stays."""
    for repository in REPOSITORIES:
        shutil.rmtree(DATA / "registry/docker/registry/v2/repositories" / repository, ignore_errors=True)


def _ask(path: str) -> tuple[bytes, Message] | None:
    kinds = ("vnd.oci.image.index.v1+json", "vnd.oci.image.manifest.v1+json", "json")
    accept = ", ".join(f"application/{kind}" for kind in kinds)
    request = urllib.request.Request(f"{REGISTRY_URL}{path}", headers={"Accept": accept})  # noqa: S310 (a fixed address)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=5) as answer:
            return answer.read(), answer.headers
    except OSError:
        return None

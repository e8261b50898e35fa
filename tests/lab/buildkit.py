"""buildkitd and buildx: build images and push them to the ECR host's name, here the lab's registry."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.lab import processes
from tests.lab.commands import run, succeeds
from tests.lab.layout import BIN, BUILDKIT_ADDRESS, DATA, ECR_HOST, PAUSE_IMAGE, RUN, SOURCES
from tests.lab.registry import HOSTS

PLATFORMS = ("linux/amd64", "linux/arm64")
_BUILDER = "lab"
_ENTER = 'mount --bind "$1" /etc/hosts; shift; exec "$@"'


def start() -> None:
    """Start buildkitd in a namespace of its own, whose hosts file knows the ECR host as the lab's registry.

    Pushes don't go through a registry mirror, so the name itself must lead there.
    """
    config = RUN / "buildkitd.toml"
    config.write_text(f"""root = "{DATA / "buildkit"}"
[grpc]
  address = ["{BUILDKIT_ADDRESS}"]
[worker.oci]
  enabled = true
  snapshotter = "overlayfs"
[worker.containerd]
  enabled = false
[registry."{ECR_HOST}"]
  http = true
""")
    processes.start(
        "buildkitd",
        [
            *(
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "--propagation",
                "slave",
            ),
            *("sh", "-c", _ENTER, "sh", HOSTS, BIN / "buildkitd", "--config", config),
        ],
    )


def wait() -> None:
    """Wait until buildkitd answers, and make the builder that speaks to it."""
    socket = Path(BUILDKIT_ADDRESS.removeprefix("unix://"))
    processes.wait_until("buildkitd", socket.is_socket, seconds=30, remedy="see its log above.")
    create = (BIN / "buildx", "create", "--name", _BUILDER, "--driver", "remote", BUILDKIT_ADDRESS)
    run(*create, environ=environ())
    processes.wait_until("buildkitd", _answers, seconds=30, remedy="see its log above.")


def build_and_push(context: Path, tags: tuple[str, ...], platforms: tuple[str, ...] = PLATFORMS) -> None:
    """Build a folder's Dockerfile for the platforms and push it under each of the tags (full references)."""
    named = [f"--tag={tag}" for tag in tags]
    where = (f"--builder={_BUILDER}", f"--platform={','.join(platforms)}")
    flags = (*where, "--push", "--progress=plain", *named)
    run(BIN / "buildx", "build", *flags, context, environ=environ())


def push_pause_image() -> None:
    """Push the image of the pods' sandboxes, for the machine's own platform."""
    context = RUN / "pause-image"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir(parents=True)
    shutil.copy(SOURCES / "pause" / "Dockerfile", context)
    shutil.copy(BIN / "pause", context)
    build_and_push(context, (PAUSE_IMAGE,), (f"linux/{_architecture()}",))


def environ() -> dict[str, str]:
    """What buildx needs in its environment to find the lab's builder, and nothing of the user's."""
    return {"BUILDX_CONFIG": str(RUN / "buildx"), "DOCKER_CONFIG": str(RUN / "docker")}


def _answers() -> bool:
    settings = [f"{name}={value}" for name, value in environ().items()]
    return succeeds("env", *settings, BIN / "buildx", "inspect", _BUILDER)


def _architecture() -> str:
    machine = os.uname().machine
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)

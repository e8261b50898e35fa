"""The actor's images: one program, and an image for each way to behave, so that a rollout changes only the image."""

from __future__ import annotations

import json
import shutil
import urllib.request

from attrs import frozen

from tests.lab import build, buildkit, registry
from tests.lab.layout import ECR_HOST, REGISTRY_URL, RUN

REPOSITORY = "promokit-lab/actor"
_INDEX = "application/vnd.oci.image.index.v1+json"


@frozen
class Behaviour:
    """What an image's actor is told, or what is wrong with the image itself."""

    arguments: str = ""
    entrypoint: str = "/actor"
    platform: str = "linux/amd64"


BEHAVIOURS = {
    "good": Behaviour(),
    "better": Behaviour("-ready-after=100ms"),
    "another": Behaviour("-ready-after=200ms"),
    "steady": Behaviour("-ready-after=4s"),
    "slow": Behaviour("-ready-after=25s"),
    "never-ready": Behaviour("-ready-after=-1s"),
    "crash": Behaviour("-exit-after=0s"),
    "crash-after-ready": Behaviour("-exit-after=5s"),
    "crash-every-25s": Behaviour("-exit-after=25s"),
    "crash-at-first": Behaviour("-exit-after=500ms -good-after=30s"),
    "crash-once": Behaviour("-exit-after=500ms -good-after=400ms"),
    "faints": Behaviour("-faint-after=3s"),
    "fills": Behaviour("-fill=8"),
    "exit-0": Behaviour("-exit-after=0s -exit-code=0"),
    "eater": Behaviour("-eat=8"),
    "dies-alive": Behaviour("-live-for=3s"),
    "clings": Behaviour("-ignore-term"),
    "late": Behaviour("-ready-after=300ms"),
    "not-a-program": Behaviour(entrypoint="/garbage"),
    "no-command": Behaviour(entrypoint="/not-there"),
    "arm": Behaviour(platform="linux/arm64"),
    "migrates": Behaviour("-exit-after=2s -exit-code=0"),
    "migration-fails": Behaviour("-exit-after=1s -exit-code=3"),
}

_SOME = f"sha256:{'0123456789abcdef' * 4}"
STRANGE = {
    "gone": f"{ECR_HOST}/{REPOSITORY}:gone@{_SOME}",
    "misnamed": f"{ECR_HOST}/{REPOSITORY}:not/a/tag",
    "private": f"registry.private.test/actor:private@{_SOME}",
    "forbidden": f"registry.forbidden.test/actor:forbidden@{_SOME}",
}
"""References that no registry can or will serve."""


def publish() -> dict[str, str]:
    """Push what the registry hasn't got; the images' full references, pinned by digest, by the behaviour's name."""
    for name, behaviour in BEHAVIOURS.items():
        if registry.digest(REPOSITORY, name) is None:
            _push(name, behaviour)
    pinned = {it: f"{ECR_HOST}/{REPOSITORY}:{it}@{registry.digest(REPOSITORY, it)}" for it in BEHAVIOURS}
    return pinned | STRANGE


def hide(reference: str) -> bytes:
    """Take an image out of the registry; what `show` needs to bring the very same back."""
    content = _call("GET", reference)
    _call("DELETE", reference)
    return content


def show(reference: str, content: bytes) -> None:
    """Bring back what `hide` took."""
    _call("PUT", reference, content)


def _call(method: str, reference: str, content: bytes | None = None) -> bytes:
    digest = reference.partition("@")[2]
    url = f"{REGISTRY_URL}/v2/{REPOSITORY}/manifests/{digest}"
    headers = {"Accept": _INDEX, "Content-Type": _INDEX}
    request = urllib.request.Request(url, content, headers, method=method)  # noqa: S310 (a fixed address)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        got: bytes = answer.read()
    return got


def _push(name: str, behaviour: Behaviour) -> None:
    context = RUN / "actor-image"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir(parents=True)
    shutil.copy(build.build("actor") / "actor", context)
    (context / "garbage").write_bytes(b"\x7fELF, but no program\n")
    (context / "garbage").chmod(0o755)
    (context / "Dockerfile").write_text(
        f"FROM scratch\nCOPY actor garbage /\nENTRYPOINT {json.dumps([behaviour.entrypoint])}\n"
        f"CMD {json.dumps(behaviour.arguments.split())}\n"
    )
    buildkit.build_and_push(context, (f"{ECR_HOST}/{REPOSITORY}:{name}",), (behaviour.platform,))

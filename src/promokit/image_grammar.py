"""The grammar and the normalization of image references: text in, four parts out.

The rules are those of https://github.com/distribution/reference ("Grammar" and the normalized parse), so that
promokit accepts and rejects what Docker, containerd and the kubelet do.
"""

from __future__ import annotations

import re
from typing import NamedTuple

DOCKER_HUB = "docker.io"
LONGEST_REPOSITORY = 255

_WORD = r"[a-z0-9]+"
_COMPONENT = rf"{_WORD}(?:(?:[._]|__|-+){_WORD})*"
_REPOSITORY = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"

_REFERENCE = re.compile(
    rf"(?:(?P<registry>{_REGISTRY})/)?(?P<repository>{_REPOSITORY})(?::(?P<tag>{_TAG}))?(?:@(?P<digest>[^@]+))?"
)
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}")
_BARE_HEX = re.compile(r"[a-f0-9]{64}")


class Parts(NamedTuple):
    """The parts of a normalized reference; `registry` is empty only where its first word can't be a host."""

    registry: str
    repository: str
    tag: str | None
    digest: str | None


def split(text: str) -> Parts:
    """The parts of `text`, normalized: of `alpine`, docker.io and library/alpine. ValueError says why not."""
    if _BARE_HEX.fullmatch(text):
        raise ValueError("64 hex digits alone are an identifier, not a name")
    match = _REFERENCE.fullmatch(_with_registry(text))
    if match is None:
        raise ValueError(_why_not(text))
    parts = Parts(match["registry"] or "", match["repository"], match["tag"], match["digest"])
    if len(parts.repository) > LONGEST_REPOSITORY:
        raise ValueError(f"the repository's name is longer than {LONGEST_REPOSITORY} characters")
    if parts.digest is not None and not is_digest(parts.digest):
        raise ValueError("its digest is not sha256, sha384 or sha512 with lower-case hex of the right length")
    return parts


def is_digest(text: str) -> bool:
    """Whether this is a whole digest of a registered algorithm (OCI image-spec, descriptor.md, "Digests")."""
    return _DIGEST.fullmatch(text) is not None


def _with_registry(text: str) -> str:
    """A first word with a dot, a colon or upper case, or localhost, is a host; else Docker Hub is meant."""
    first, slash, rest = text.partition("/")
    if not slash:
        return f"{DOCKER_HUB}/library/{text}"
    if first == f"index.{DOCKER_HUB}":
        first = DOCKER_HUB
    elif not (first == "localhost" or any(mark in first for mark in ".:") or first.lower() != first):
        first, rest = DOCKER_HUB, text
    official = "library/" if first == DOCKER_HUB and "/" not in rest else ""
    return f"{first}/{official}{rest}"


def _why_not(text: str) -> str:
    if not text:
        return "it is empty"
    if _REFERENCE.fullmatch(_with_registry(text.lower())):
        return "a repository's name is lower-case"
    return "it is not [registry/]repository[:tag][@digest]"

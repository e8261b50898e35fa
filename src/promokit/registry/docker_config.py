"""The credentials that `docker login` left.

Rules: https://docs.docker.com/reference/cli/docker/login/, "Credential stores".
"""

from __future__ import annotations

import base64
import binascii
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from promokit.errors import ConfigError

_DOCKER_HUB = "https://index.docker.io/v1/"
_SECONDS = 20


@frozen
class Credential:
    """A name and a password, or an identity token to be exchanged for access. Never printed."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)


def credential_for(host: str, environ: Mapping[str, str]) -> Credential | None:
    """What the Docker config has for this host: its own helper, the store, or `auths`; None if nothing."""
    path = _path(environ)
    document = _read(path)
    key = _DOCKER_HUB if host == "docker.io" else host
    helper = _mapping(document.get("credHelpers")).get(host) or document.get("credsStore")
    if isinstance(helper, str) and helper:
        return _ask(helper, key, environ)
    for name, entry in _mapping(document.get("auths")).items():
        if _host(name) == _host(key):
            return _of_entry(_mapping(entry), path)
    return None


def _path(environ: Mapping[str, str]) -> Path:
    folder = environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path(environ.get("HOME") or "/") / ".docker") / "config.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError):
        raise _broken(path) from None
    return _mapping(document)


def _of_entry(entry: dict[str, Any], path: Path) -> Credential | None:
    token = str(entry.get("identitytoken") or "")
    try:
        text = base64.b64decode(str(entry.get("auth") or ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _broken(path) from None
    username, _, password = text.rstrip("\0").partition(":")
    found = Credential(
        username or str(entry.get("username") or ""), password or str(entry.get("password") or ""), token
    )
    return found if found != Credential() else None


def _ask(helper: str, key: str, environ: Mapping[str, str]) -> Credential | None:
    """`get`, the server on stdin, JSON out (https://github.com/docker/docker-credential-helpers)."""
    program = f"docker-credential-{helper}"
    if "/" in helper:
        raise ConfigError(f"{program!a} isn't the name of a program", remedy="correct the Docker config")
    try:
        done = subprocess.run(
            [program, "get"],
            input=key.encode(),
            capture_output=True,
            timeout=_SECONDS,
            env=dict(environ),
            check=False,
        )
        answer = _mapping(json.loads(done.stdout)) if done.returncode == 0 else {}
    except (OSError, ValueError, subprocess.TimeoutExpired):
        raise ConfigError(
            f"{program} gave no credentials", where=key, remedy="try it by hand, or log in again"
        ) from None
    name, secret = str(answer.get("Username") or ""), str(answer.get("Secret") or "")
    if name == "<token>":
        return Credential(identity_token=secret)
    return Credential(name, secret) if secret else None


def _host(name: str) -> str:
    """Keys of `auths` are hosts, or URLs of old."""
    host = name.removeprefix("https://").removeprefix("http://").partition("/")[0].lower()
    return "docker.io" if host == "index.docker.io" else host


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _broken(path: Path) -> ConfigError:
    return ConfigError("the Docker config can't be read", where=str(path), remedy="repair it, or log in again")

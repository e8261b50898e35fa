"""A real docker-registry that asks for authentication, and the token server that it trusts."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.http_server import Answer, Asked
from tests.lab.packages import bring

NAME, PASSWORD = "someone", "s3cret-word"
BASIC = "Basic " + base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()
_HASHED = "$2b$05$ykfekinrpo0plyaEhsgvX.zL1cglg/48wnR1/OA/.pRzHdTxJRtte"  # bcrypt of PASSWORD
_LISTENING = re.compile(r"listening on (127\.0\.0\.1:\d+)")


@contextmanager
def running_registry(folder: Path, auth: str) -> Iterator[str]:
    """host:port of a new registry with this `auth` section of its configuration."""
    storage = f"storage:\n  filesystem: {{rootdirectory: {folder / 'data'}}}\n"
    config = folder / "config.yml"
    config.write_text(f'version: 0.1\n{storage}http: {{addr: "127.0.0.1:0"}}\nauth:\n{auth}')
    log = folder / "log"
    with log.open("w") as output:
        command = [bring("docker-registry", "docker-registry"), "serve", str(config)]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        process.wait(timeout=10)


def basic_auth(folder: Path) -> str:
    """The section for basic authentication, with its one account."""
    accounts = folder / "htpasswd"
    accounts.write_text(f"{NAME}:{_HASHED}\n")
    return f"  htpasswd: {{realm: lab, path: {accounts}}}\n"


class TokenServer:
    """Issues what https://distribution.github.io/distribution/spec/auth/jwt/ describes, signed with a new key."""

    def __init__(self, folder: Path) -> None:
        self._key, self._certificate = folder / "key.pem", folder / "certificate.pem"
        subject = ["-subj", "/CN=lab token server", "-days", "2"]
        key = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(self._key), "-out", str(self._certificate)]
        subprocess.run(["openssl", "req", "-x509", *key, *subject], check=True, capture_output=True)

    def auth(self, url: str) -> str:
        """The section for token authentication by this server, which listens on `url`."""
        realm = f"realm: {url}/token, service: lab, issuer: lab, rootcertbundle: {self._certificate}"
        return f"  token: {{{realm}}}\n"

    def __call__(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != BASIC:
            return Answer(401)
        kind, name, actions = asked.query["scope"].split(":")
        access = [{"type": kind, "name": name, "actions": actions.split(",")}]
        return Answer(200, json.dumps({"token": self._signed(access)}).encode())

    def _signed(self, access: Sequence[Mapping[str, object]]) -> str:
        now = int(time.time())
        pem = self._certificate.read_text()
        certificate = "".join(line for line in pem.splitlines() if not line.startswith("-"))
        head = {"typ": "JWT", "alg": "RS256", "x5c": [certificate]}
        span = {"exp": now + 300, "nbf": now - 60, "iat": now}
        claims = {"iss": "lab", "sub": NAME, "aud": "lab", "jti": "1", "access": access, **span}
        text = f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(claims).encode())}"
        command = ["openssl", "dgst", "-sha256", "-sign", str(self._key)]
        signed = subprocess.run(command, input=text.encode(), check=True, capture_output=True)
        return f"{text}.{_encoded(signed.stdout)}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(500):
        if found := _LISTENING.search(log.read_text()):
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"docker-registry did not start: {log.read_text()[-500:]}")

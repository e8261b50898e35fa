"""A small registry of the Distribution specification, with basic and token authentication."""

from __future__ import annotations

import base64
import json

from tests.http_server import Answer, Asked
from tests.registry.documents import digest_of

NAME, PASSWORD, TOKEN, IDENTITY = "someone", "s3cret-word", "t0ken-word", "1dentity-word"
_BASIC = "Basic " + base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()


class OciServer:
    """`auth`: none, basic or bearer. Set `url` when it is known: the realm of a challenge needs it."""

    def __init__(self, auth: str = "none", *, tells_digest: bool = True) -> None:
        self.url = ""
        self.auth = auth
        self.tells_digest = tells_digest
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.tags: dict[str, str] = {}
        self.blobs: dict[str, bytes] = {}
        self.token = TOKEN

    def push(self, content: bytes, media_type: str, *tags: str) -> None:
        digest = str(digest_of(content))
        self.manifests[digest] = (media_type, content)
        self.tags.update(dict.fromkeys(tags, digest))

    def __call__(self, asked: Asked) -> Answer:
        if asked.path == "/token":
            return self._issue(asked)
        if not self._allows(asked):
            return Answer(401, headers={"WWW-Authenticate": self._challenge()})
        prefix, _, rest = asked.path.partition("/v2/team/app/")
        kind, _, name = rest.partition("/")
        if prefix or not kind:
            return Answer(404, b'{"errors": [{"code": "NAME_UNKNOWN"}]}')
        if kind == "tags":
            return Answer(200, json.dumps({"tags": [*self.tags][:1]}).encode())
        if kind == "blobs":
            return Answer(200, self.blobs[name]) if name in self.blobs else Answer(404)
        return self._put(asked, name) if asked.method == "PUT" else self._get(name)

    def _get(self, name: str) -> Answer:
        digest = self.tags.get(name, name)
        if digest not in self.manifests:
            return Answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
        media_type, content = self.manifests[digest]
        told = {"Docker-Content-Digest": digest} if self.tells_digest else {}
        return Answer(200, content, {"Content-Type": media_type, **told})

    def _put(self, asked: Asked, tag: str) -> Answer:
        self.push(asked.body, asked.headers["Content-Type"], tag)
        return Answer(201)

    def _allows(self, asked: Asked) -> bool:
        wanted = {"none": None, "basic": _BASIC, "bearer": f"Bearer {self.token}"}[self.auth]
        return wanted is None or asked.headers.get("Authorization") == wanted

    def _challenge(self) -> str:
        if self.auth == "basic":
            return 'Basic realm="lab, of a kind"'
        return f'Bearer realm="{self.url}/token",service="lab",scope="repository:team/app:pull"'

    def _issue(self, asked: Asked) -> Answer:
        by_identity = asked.method == "POST" and f"refresh_token={IDENTITY}".encode() in asked.body
        if not by_identity and asked.headers.get("Authorization") != _BASIC:
            return Answer(401)
        return Answer(200, json.dumps({"access_token": self.token}).encode())

"""How a registry wants to be asked: the challenge of a 401, and the token that answers it.

Rules: https://distribution.github.io/distribution/spec/auth/token/ and RFC 9110, 11.6.1.
"""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from promokit.errors import Unreachable
from promokit.registry.docker_config import Credential
from promokit.transport import Transport

_PARAMETER = re.compile(r'([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


@frozen
class Challenge:
    """One `WWW-Authenticate`: `scheme` is `bearer` or `basic`, in lower case."""

    scheme: str
    parameters: dict[str, str]

    @classmethod
    def parse(cls, header: str) -> Challenge | None:
        """The challenge of the header; None if it is neither of the two schemes that registries use."""
        scheme, _, rest = header.strip().partition(" ")
        if scheme.lower() not in ("basic", "bearer"):
            return None
        found = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}
        return cls(scheme.lower(), found)


class Authenticator:
    """Answers challenges with one credential or none. `plain_http`: the registry itself has no TLS."""

    def __init__(self, transport: Transport, credential: Credential | None, *, plain_http: bool) -> None:
        self._transport = transport
        self._credential = credential
        self._plain_http = plain_http

    def answer(self, challenge: Challenge, scope: str) -> str | None:
        """The `Authorization` for this scope (`repository:NAME:pull`); None where there is no credential."""
        if challenge.scheme == "bearer":
            return f"Bearer {self._token(challenge, scope)}"
        return _basic(self._credential) if self._credential else None

    def _token(self, challenge: Challenge, scope: str) -> str:
        realm = self._realm(challenge)
        wanted = {"service": challenge.parameters.get("service", ""), "scope": scope}
        credential = self._credential
        if credential and credential.identity_token:
            form = {**wanted, "grant_type": "refresh_token", "refresh_token": credential.identity_token,
                    "client_id": "promokit"}  # fmt: skip
            response = self._transport.send("POST", realm, data=form)
        else:
            response = self._transport.send(
                "GET", realm, params=wanted, authorization=_basic(credential) if credential else None
            )
        if response.status_code != 200:
            raise _no_token(realm, f"answered {response.status_code}")
        return _token_of(_json(response), realm)

    def _realm(self, challenge: Challenge) -> str:
        """A password goes over TLS alone, except to a registry that is on this machine anyway."""
        realm = challenge.parameters.get("realm", "")
        if urlsplit(realm).scheme not in (("https", "http") if self._plain_http else ("https",)):
            raise _no_token(realm, "is not an https URL")
        return realm


def _basic(credential: Credential) -> str:
    return "Basic " + base64.b64encode(f"{credential.username}:{credential.password}".encode()).decode()


def _token_of(document: object, realm: str) -> str:
    found = document if isinstance(document, dict) else {}
    token = found.get("token") or found.get("access_token")
    if not isinstance(token, str) or not token or not token.isprintable():
        raise _no_token(realm, "answered without a token")
    return token


def _json(response: Any) -> object:
    try:
        return response.json()
    except ValueError:
        return None


def _no_token(realm: str, what: str) -> Unreachable:
    return Unreachable(
        f"the registry's token server {what}",
        where=urlsplit(realm)._replace(query="", fragment="").geturl(),
        remedy="log in to the registry (docker login), with an account that may read the repository",
    )

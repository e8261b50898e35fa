"""The registry port on the Distribution specification (https://github.com/opencontainers/distribution-spec)."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from promokit.errors import ConfigError, Unreachable, VerificationFailed
from promokit.image import Digest
from promokit.registry import config
from promokit.registry.docker_config import Credential, credential_for
from promokit.registry.manifest import ACCEPTED, read_manifest, told_digest, verify
from promokit.registry.oci_auth import Authenticator, Challenge
from promokit.registry.port import Manifest, Tagged, Unsupported
from promokit.transport import Transport

if TYPE_CHECKING:
    import requests

_ACCEPT = {"Accept": ", ".join(ACCEPTED)}


class OciRegistry:
    """One registry host. A loopback address is spoken to over plain http unless its port is 443."""

    def __init__(self, host: str, credential: Credential | None = None) -> None:
        plain = _is_loopback(host)
        self._base = f"{'http' if plain else 'https'}://{'registry-1.docker.io' if host == 'docker.io' else host}/v2"
        self._transport = Transport()
        self._authenticator = Authenticator(self._transport, credential, plain_http=plain)
        self._authorizations: dict[str, str] = {}

    @classmethod
    def open(cls, host: str, environ: Mapping[str, str]) -> OciRegistry:
        """The registry with the credentials that the environment's Docker config has for it."""
        return cls(host, credential_for(host, environ))

    def load(self) -> None:
        """Nothing is left to do."""

    def tagged(self, repository: str, tag: str) -> Tagged | None:
        """`digest_of`; other tags aren't told."""
        digest = self.digest_of(repository, tag)
        return Tagged(digest) if digest else None

    def digest_of(self, repository: str, tag: str) -> Digest | None:
        """HEAD of the tag's manifest; a GET where the registry leaves the digest out of its answer."""
        response = self._get(repository, f"manifests/{tag}", method="HEAD", headers=_ACCEPT)
        if response is None:
            return None
        told = response.headers.get("Docker-Content-Digest")
        if told:
            return told_digest(told, repository)
        response = self._get(repository, f"manifests/{tag}", headers=_ACCEPT)
        return None if response is None else Digest(f"sha256:{hashlib.sha256(response.content).hexdigest()}")

    def tags_of(self, repository: str, digest: Digest) -> tuple[str, ...]:
        """Always Unsupported: the specification has no way to ask it, and to try every tag is no answer."""
        raise Unsupported(
            "this registry can't be asked which tags a digest has",
            where=f"{repository}@{digest}",
            remedy="pin the image as repository:tag@digest, or give the tag (--tag)",
        )

    def manifest(self, repository: str, digest: Digest) -> Manifest | None:
        """GET of the manifest by digest."""
        response = self._get(repository, f"manifests/{digest}", headers=_ACCEPT)
        if response is None:
            return None
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip() or None
        return read_manifest(response.content, digest, f"{repository}@{digest}", media_type)

    def blob(self, repository: str, digest: Digest) -> bytes | None:
        """GET of the blob, over the redirect to storage that many registries answer with."""
        response = self._get(repository, f"blobs/{digest}")
        return None if response is None else verify(response.content, digest, f"{repository}@{digest}")

    def add_tag(self, repository: str, digest: Digest, tag: str) -> bool:
        """PUT of the exact bytes under the tag, after a look that the tag isn't there with something else."""
        where = f"{repository}:{tag}"
        there = self.digest_of(repository, tag)
        if there is not None:
            return _not_moved(there, digest, where)
        manifest = self.manifest(repository, digest)
        if manifest is None:
            raise VerificationFailed(f"no image has the digest {digest}", where=where, remedy="push the image first")
        response = self._send(
            repository, f"manifests/{tag}", method="PUT", headers={"Content-Type": manifest.media_type},
            data=manifest.content, actions="pull,push",
        )  # fmt: skip
        if response.status_code not in (201, 202, 200):
            raise _unexpected(response, where)
        return True

    def tags_immutable(self, repository: str) -> bool | None:  # noqa: ARG002
        """Always None: the specification doesn't tell."""
        return None

    def missing(self, repository: str, digests: Sequence[Digest]) -> tuple[Digest, ...]:
        """HEAD of each manifest."""
        return tuple(
            each
            for each in digests
            if self._get(repository, f"manifests/{each}", method="HEAD", headers=_ACCEPT) is None
        )

    def lifecycle_policy(self, repository: str) -> str | None:
        """Always Unsupported: the specification doesn't know deletion by rules."""
        raise Unsupported(
            "this registry can't be asked for rules that delete images",
            where=repository,
            remedy="see to it by its own settings that no image that runs, or may run again, is deleted",
        )

    def revision_of(self, repository: str, digest: Digest) -> str | None:
        """One GET; without an annotation, one of the first image's manifest and one of its config."""
        return config.revision_of(self, repository, digest)

    def platforms_of(self, repository: str, digest: Digest) -> tuple[str, ...]:
        """One GET; of a single image also its config."""
        return config.platforms_of(self, repository, digest)

    def _get(self, repository: str, what: str, **options: Any) -> requests.Response | None:
        """The answer; None when it isn't there though the repository is."""
        response = self._send(repository, what, **options)
        if response.status_code == 200:
            return response
        if response.status_code == 404:
            self._require_repository(repository)
            return None
        raise _unexpected(response, repository)

    def _require_repository(self, repository: str) -> None:
        """A HEAD has no body to say what wasn't found, so the list of tags is asked, for one tag."""
        response = self._send(repository, "tags/list", params={"n": "1"})
        if response.status_code == 404:
            raise ConfigError(
                "there is no such repository",
                where=repository,
                remedy="check its name, or push an image to it first",
            )
        if response.status_code != 200:
            raise _unexpected(response, repository)

    def _send(
        self, repository: str, what: str, *, method: str = "GET", actions: str = "pull", **options: Any
    ) -> requests.Response:
        """The answer, after one round of authentication where the registry asks for it."""
        path = repository.partition("/")[2]
        scope = f"repository:{path}:{actions}"
        options = {"allow_redirects": True, **options}
        for last in (False, True):
            response = self._transport.send(
                method,
                f"{self._base}/{path}/{what}",
                authorization=self._authorizations.get(scope),
                **options,
            )
            if response.status_code != 401 or last or not self._authenticate(response, scope):
                break
        return response

    def _authenticate(self, response: requests.Response, scope: str) -> bool:
        challenge = Challenge.parse(response.headers.get("WWW-Authenticate", ""))
        answer = self._authenticator.answer(challenge, scope) if challenge else None
        if answer is not None:
            self._authorizations[scope] = answer
        return answer is not None


def _not_moved(there: Digest, digest: Digest, where: str) -> bool:
    if there != digest:
        raise VerificationFailed(
            f"the tag is there already, with {there}",
            where=where,
            remedy="a tag never moves: find out which build made it, and build again for a new tag",
        )
    return False


def _unexpected(response: requests.Response, where: str) -> Unreachable:
    status = response.status_code
    if status in (401, 403):
        return Unreachable(
            f"the registry gives no access ({status})",
            where=where,
            remedy="log in to it (docker login), with an account that has a right to the repository",
        )
    if status == 429:
        return Unreachable("the registry limits our rate (429)", where=where, remedy="log in to it, or try again later")
    return Unreachable(f"the registry answered {status}", where=where, remedy="try again, or look at its state")


def _is_loopback(host: str) -> bool:
    name, _, port = host.rpartition(":") if host.rpartition(":")[2].isdigit() else (host, "", "")
    try:
        return port != "443" and (name == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback)
    except ValueError:
        return False

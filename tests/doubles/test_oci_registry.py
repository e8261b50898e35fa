"""The Distribution adapter on a real registry, with basic and with token authentication."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from promokit.errors import ConfigError, Unreachable, VerificationFailed
from promokit.registry import open_registry
from promokit.registry.docker_config import Credential
from promokit.registry.manifest import IMAGE_TYPES, INDEX_TYPES, REVISION
from promokit.registry.oci import OciRegistry
from promokit.transport import Transport
from tests.doubles.registry_auth import BASIC, NAME, PASSWORD, TokenServer, basic_auth, running_registry
from tests.http_server import Respond, Server
from tests.registry.documents import COMMIT, LAYER, LINUX_AMD64, child, config, digest_of, image, index

pytestmark = pytest.mark.program

CONFIG = config(config={"Labels": {REVISION: COMMIT}})
CONTENT = b"a layer"
SINGLE = image(CONFIG, layers=[{**LAYER, "digest": str(digest_of(CONTENT)), "size": len(CONTENT)}])
INDEX = index(child(SINGLE, LINUX_AMD64))
DIGEST = digest_of(INDEX)
TAG = "2026.01.02.0003"


@pytest.fixture(params=["basic", "token"])
def repository(request: pytest.FixtureRequest, tmp_path: Path, serve: Callable[[Respond], Server]) -> Iterator[str]:
    """A repository with one image in a registry that lets nobody in without a credential."""
    tokens = TokenServer(tmp_path)
    auth = basic_auth(tmp_path) if request.param == "basic" else tokens.auth(serve(tokens).url)
    with running_registry(tmp_path, auth) as host:
        pushed(host, request.param)
        yield f"{host}/team/app"


def pushed(host: str, auth: str) -> None:
    """An index of one image with its config and layer, pushed as a builder does it."""
    headers = {"Authorization": BASIC if auth == "basic" else _push_token(host)}
    root = f"http://{host}/v2/team/app"
    for blob in (CONFIG, CONTENT):
        upload = requests.post(f"{root}/blobs/uploads/", headers=headers, timeout=10)
        where = f"{upload.headers['Location']}&digest={digest_of(blob)}"
        assert requests.put(where, data=blob, headers=headers, timeout=10).status_code == 201
    for manifest, kind, name in ((SINGLE, IMAGE_TYPES[0], digest_of(SINGLE)), (INDEX, INDEX_TYPES[0], TAG)):
        described = {**headers, "Content-Type": kind}
        put = requests.put(f"{root}/manifests/{name}", data=manifest, headers=described, timeout=10)
        assert put.status_code == 201


def _push_token(host: str) -> str:
    realm = requests.get(f"http://{host}/v2/", timeout=10).headers["WWW-Authenticate"].split('"')[1]
    asked = Transport().send("GET", realm, params={"scope": "repository:team/app:pull,push"}, authorization=BASIC)
    return f"Bearer {json.loads(asked.content)['token']}"


def opened(repository: str, password: str = PASSWORD) -> OciRegistry:
    return OciRegistry(repository.partition("/")[0], Credential(NAME, password))


def test_the_credentials_of_a_docker_config_open_a_real_registry(repository: str, tmp_path: Path) -> None:
    """What `docker login` left, in `auths` or by a helper program."""
    host, folder = repository.partition("/")[0], tmp_path / "docker"
    folder.mkdir()
    environ = {"DOCKER_CONFIG": str(folder), "PATH": str(folder)}
    helper = folder / "docker-credential-lab"
    helper.write_text(f"""#!/bin/sh\necho '{{"Username": "{NAME}", "Secret": "{PASSWORD}"}}'\n""")
    helper.chmod(0o755)
    for content in ({"auths": {host: {"auth": BASIC.removeprefix("Basic ")}}}, {"credHelpers": {host: "lab"}}):
        (folder / "config.json").write_text(json.dumps(content))
        assert open_registry(repository, environ).digest_of(repository, TAG) == DIGEST
    with pytest.raises(Unreachable, match="docker login"):
        open_registry(repository, {"DOCKER_CONFIG": str(tmp_path / "none")}).digest_of(repository, TAG)


def test_a_real_registry_answers_every_question(repository: str) -> None:
    """Tag, manifest, revision by way of the config, and what isn't there."""
    registry = opened(repository)
    assert registry.digest_of(repository, TAG) == DIGEST
    assert registry.digest_of(repository, "missing") is None
    manifest = registry.manifest(repository, DIGEST)
    assert manifest is not None
    assert (manifest.content, manifest.platforms) == (INDEX, ("linux/amd64",))
    assert registry.manifest(repository, digest_of(b"missing")) is None
    assert registry.revision_of(repository, DIGEST) == COMMIT
    assert registry.platforms_of(repository, digest_of(SINGLE)) == ("linux/amd64",)


def test_a_tag_is_added_to_a_real_registry_once(repository: str) -> None:
    """The digest stays the same; the tag never moves."""
    registry = opened(repository)
    assert registry.add_tag(repository, DIGEST, COMMIT) is True
    assert registry.add_tag(repository, DIGEST, COMMIT) is False
    assert registry.digest_of(repository, COMMIT) == DIGEST
    with pytest.raises(VerificationFailed):
        registry.add_tag(repository, digest_of(SINGLE), COMMIT)


def test_a_real_registry_lets_nobody_in_without_the_password(repository: str) -> None:
    """The remedy is a login, whoever refuses: the registry or its token server."""
    with pytest.raises(Unreachable, match="docker login"):
        opened(repository, "wrong").digest_of(repository, TAG)
    with pytest.raises(Unreachable, match="docker login"):
        OciRegistry(repository.partition("/")[0]).digest_of(repository, TAG)


def test_a_repository_that_a_real_registry_does_not_have_is_told(repository: str) -> None:
    """Not a missing tag: a missing repository."""
    with pytest.raises(ConfigError, match="no such repository"):
        opened(repository).digest_of(repository.replace("/team/app", "/team/other"), TAG)

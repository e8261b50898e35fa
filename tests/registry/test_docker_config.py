import base64
import json
from pathlib import Path

import pytest

from promokit.errors import ConfigError
from promokit.registry.docker_config import Credential, credential_for


def written(folder: Path, document: object) -> dict[str, str]:
    (folder / "config.json").write_text(document if isinstance(document, str) else json.dumps(document))
    return {"DOCKER_CONFIG": str(folder), "PATH": str(folder)}


def auth(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("key", ["ghcr.io", "https://ghcr.io", "https://ghcr.io/v1/", "GHCR.io"])
def test_a_host_is_found_under_each_form_of_its_key(tmp_path: Path, key: str) -> None:
    """Hosts, and the URLs that older clients wrote."""
    environ = written(tmp_path, {"auths": {key: auth("me:pass:word")}})
    assert credential_for("ghcr.io", environ) == Credential("me", "pass:word")


def test_docker_hub_is_found_under_its_old_name(tmp_path: Path) -> None:
    """docker.io is written as index.docker.io."""
    environ = written(tmp_path, {"auths": {"https://index.docker.io/v1/": auth("me:word")}})
    assert credential_for("docker.io", environ) == Credential("me", "word")


def test_the_config_of_the_home_is_read(tmp_path: Path) -> None:
    """Without DOCKER_CONFIG it is ~/.docker/config.json."""
    (tmp_path / ".docker").mkdir()
    written(tmp_path / ".docker", {"auths": {"ghcr.io": {"username": "me", "password": "word"}}})
    assert credential_for("ghcr.io", {"HOME": str(tmp_path)}) == Credential("me", "word")


def test_an_identity_token_is_read(tmp_path: Path) -> None:
    """Single sign-on leaves one instead of a password."""
    environ = written(tmp_path, {"auths": {"x.azurecr.io": {"identitytoken": "i"}}})
    assert credential_for("x.azurecr.io", environ) == Credential(identity_token="i")


@pytest.mark.parametrize(
    "document", [{}, [], {"auths": None}, {"auths": {"other.io": auth("a:b")}}, {"auths": {"ghcr.io": {}}}]
)
def test_nothing_for_the_host_is_none(tmp_path: Path, document: object) -> None:
    """The registry is then asked as nobody."""
    assert credential_for("ghcr.io", written(tmp_path, document)) is None
    assert credential_for("ghcr.io", {"HOME": str(tmp_path / "missing")}) is None


@pytest.mark.parametrize("document", ["{", {"auths": {"ghcr.io": {"auth": "%"}}}])
def test_a_broken_config_is_an_error_without_its_content(tmp_path: Path, document: object) -> None:
    """The file is named, what is in it isn't."""
    with pytest.raises(ConfigError, match="Docker config"):
        credential_for("ghcr.io", written(tmp_path, document))


@pytest.mark.parametrize(
    ("name", "expected"), [("me", Credential("me", "word")), ("<token>", Credential(identity_token="word"))]
)
@pytest.mark.parametrize("setting", [{"credsStore": "test"}, {"credHelpers": {"ghcr.io": "test"}}])
def test_a_helper_is_asked_for_the_host(
    tmp_path: Path, setting: dict[str, object], name: str, expected: Credential
) -> None:
    """The store of all hosts, or the helper of one."""
    _program(tmp_path, f"""read host; [ "$host" = ghcr.io ] && echo '{{"Username": "{name}", "Secret": "word"}}'""")
    assert credential_for("ghcr.io", written(tmp_path, setting)) == expected


def test_a_helper_that_knows_nothing_is_none_and_one_that_is_missing_an_error(tmp_path: Path) -> None:
    """A helper ends with 1 where it has no credentials."""
    _program(tmp_path, "exit 1")
    assert credential_for("ghcr.io", written(tmp_path, {"credsStore": "test"})) is None
    with pytest.raises(ConfigError, match="docker-credential-missing"):
        credential_for("ghcr.io", written(tmp_path, {"credsStore": "missing"}))
    with pytest.raises(ConfigError, match="isn't the name of a program"):
        credential_for("ghcr.io", written(tmp_path, {"credsStore": "../test"}))


def test_a_credential_does_not_print_its_secret() -> None:
    """Not in a log, not in a traceback."""
    assert "word" not in repr(Credential("me", "word", "word"))


def _program(folder: Path, script: str) -> None:
    program = folder / "docker-credential-test"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)

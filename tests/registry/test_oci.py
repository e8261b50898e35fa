from collections.abc import Callable

import pytest

from promokit.errors import ConfigError, Unreachable, VerificationFailed
from promokit.registry import Unsupported
from promokit.registry.docker_config import Credential
from promokit.registry.manifest import IMAGE_TYPES, INDEX_TYPES, REVISION
from promokit.registry.oci import OciRegistry
from promokit.registry.oci_auth import Authenticator, Challenge
from promokit.transport import Transport
from tests.http_server import Answer, Respond, Server
from tests.registry.documents import COMMIT, LINUX_AMD64, child, config, digest_of, image, index
from tests.registry.oci_server import IDENTITY, NAME, PASSWORD, TOKEN, OciServer

LABELLED = config(config={"Labels": {REVISION: COMMIT}})
SINGLE = image(LABELLED)
INDEX = index(child(SINGLE, LINUX_AMD64))
DIGEST = digest_of(INDEX)
TAG = "2026.01.02.0003"
CREDENTIAL = Credential(NAME, PASSWORD)

Serve = Callable[[Respond], Server]


def started(serve: Serve, registry: OciServer) -> tuple[Server, str]:
    registry.push(INDEX, INDEX_TYPES[0], TAG)
    registry.push(SINGLE, IMAGE_TYPES[0])
    registry.blobs[str(digest_of(LABELLED))] = LABELLED
    server = serve(registry)
    registry.url = server.url
    return server, f"{server.host}/team/app"


@pytest.mark.parametrize("tells_digest", [True, False])
def test_a_tag_gives_its_digest(serve: Serve, tells_digest: bool) -> None:
    """By HEAD; where the registry leaves the digest out, from the bytes."""
    server, repository = started(serve, OciServer(tells_digest=tells_digest))
    assert OciRegistry(server.host).digest_of(repository, TAG) == DIGEST
    assert [asked.method for asked in server.asked] == (["HEAD"] if tells_digest else ["HEAD", "GET"])


def test_a_tag_that_is_not_there_is_none_and_a_repository_that_is_not_there_an_error(serve: Serve) -> None:
    """A 404 alone doesn't tell them apart."""
    server, repository = started(serve, OciServer())
    registry = OciRegistry(server.host)
    assert registry.digest_of(repository, "missing") is None
    with pytest.raises(ConfigError, match="no such repository"):
        registry.digest_of(f"{server.host}/team/other", TAG)


def test_a_manifest_is_read_and_verified(serve: Serve) -> None:
    """Bytes, media type and platforms; none if it isn't there; other bytes are an error."""
    oci = OciServer()
    server, repository = started(serve, oci)
    registry = OciRegistry(server.host)
    manifest = registry.manifest(repository, DIGEST)
    assert manifest is not None
    assert (manifest.content, manifest.platforms) == (INDEX, ("linux/amd64",))
    assert registry.manifest(repository, digest_of(b"missing")) is None
    oci.manifests[str(DIGEST)] = (INDEX_TYPES[0], SINGLE)
    with pytest.raises(VerificationFailed):
        registry.manifest(repository, DIGEST)


def test_a_tag_is_added_once_and_never_moved(serve: Serve) -> None:
    """The exact bytes are put; again is no change; another digest is an error."""
    oci = OciServer()
    server, repository = started(serve, oci)
    registry = OciRegistry(server.host)
    assert registry.add_tag(repository, DIGEST, COMMIT) is True
    assert oci.tags[COMMIT] == str(DIGEST)
    assert registry.add_tag(repository, DIGEST, COMMIT) is False
    with pytest.raises(VerificationFailed):
        registry.add_tag(repository, digest_of(SINGLE), COMMIT)
    assert oci.tags[COMMIT] == str(DIGEST)


def test_a_tag_for_an_image_that_is_not_there_is_an_error(serve: Serve) -> None:
    """There are no bytes to put."""
    server, repository = started(serve, OciServer())
    with pytest.raises(VerificationFailed, match="no image"):
        OciRegistry(server.host).add_tag(repository, digest_of(b"missing"), COMMIT)


def test_revision_and_platform_are_read_from_the_config_where_the_index_does_not_tell(serve: Serve) -> None:
    """Index, first image, its config; the config's bytes are verified."""
    oci = OciServer()
    server, repository = started(serve, oci)
    registry = OciRegistry(server.host)
    assert registry.revision_of(repository, DIGEST) == COMMIT
    assert registry.platforms_of(repository, digest_of(SINGLE)) == ("linux/amd64",)
    assert registry.revision_of(repository, digest_of(b"missing")) is None
    oci.blobs[str(digest_of(LABELLED))] = b"tampered"
    with pytest.raises(VerificationFailed):
        registry.revision_of(repository, DIGEST)


def test_a_blob_is_followed_to_its_storage_without_the_password(serve: Serve) -> None:
    """Registries answer with a redirect to a presigned URL on another host."""
    storage = serve(lambda _: Answer(body=LABELLED))
    challenge = Answer(401, headers={"WWW-Authenticate": "Basic realm=x"})
    redirect = Answer(307, headers={"Location": f"{storage.url}/blob?signature=s"})
    server = serve(lambda asked: redirect if "Authorization" in asked.headers else challenge)
    registry = OciRegistry(server.host, CREDENTIAL)
    assert registry.blob(f"{server.host}/team/app", digest_of(LABELLED)) == LABELLED
    assert ["Authorization" in asked.headers for asked in storage.asked] == [False]


def test_the_specification_can_not_be_asked_for_tags_of_a_digest_or_for_immutability() -> None:
    """The one says what to do instead, the other that it can't be told."""
    registry = OciRegistry("registry.example")
    with pytest.raises(Unsupported, match="--tag"):
        registry.tags_of("registry.example/team/app", DIGEST)
    assert registry.tags_immutable("registry.example/team/app") is None


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_a_registry_that_asks_for_credentials_gets_them_once(serve: Serve, auth: str) -> None:
    """The challenge is answered, and the answer kept for the next call."""
    server, repository = started(serve, OciServer(auth))
    registry = OciRegistry(server.host, CREDENTIAL)
    assert registry.digest_of(repository, TAG) == DIGEST
    before = len(server.asked)
    assert registry.digest_of(repository, TAG) == DIGEST
    assert len(server.asked) == before + 1


def test_a_token_is_asked_for_the_scope_that_is_needed(serve: Serve) -> None:
    """Reading asks for pull alone; adding a tag also for push."""
    server, repository = started(serve, OciServer("bearer"))
    OciRegistry(server.host, CREDENTIAL).add_tag(repository, DIGEST, COMMIT)
    scopes = [asked.query["scope"] for asked in server.asked if asked.path == "/token"]
    assert scopes == ["repository:team/app:pull", "repository:team/app:pull,push"]


def test_an_identity_token_is_exchanged(serve: Serve) -> None:
    """What `docker login` leaves for registries with single sign-on."""
    server, repository = started(serve, OciServer("bearer"))
    assert OciRegistry(server.host, Credential(identity_token=IDENTITY)).digest_of(repository, TAG) == DIGEST


def test_a_token_that_grew_old_is_replaced(serve: Serve) -> None:
    """A token lives for minutes; a bake takes hours."""
    oci = OciServer("bearer")
    server, repository = started(serve, oci)
    registry = OciRegistry(server.host, CREDENTIAL)
    assert registry.digest_of(repository, TAG) == DIGEST
    oci.token = "the next token"
    assert registry.digest_of(repository, TAG) == DIGEST


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_no_or_wrong_credentials_are_told_without_the_secret(serve: Serve, auth: str) -> None:
    """The remedy is a login; neither password nor token is in any message."""
    server, repository = started(serve, OciServer(auth))
    for credential in (None, Credential(NAME, "wrong-word")):
        with pytest.raises(Unreachable, match="docker login") as caught:
            OciRegistry(server.host, credential).digest_of(repository, TAG)
        assert not any(word in str(caught.value) for word in ("wrong-word", TOKEN))


@pytest.mark.parametrize(
    "header", ['Bearer realm="http://tokens.example/token"', 'Bearer realm="file:///etc/passwd"', "bearer"]
)
def test_a_password_is_given_to_no_realm_without_tls(header: str) -> None:
    """Only a registry on this machine, itself without TLS, may name a realm without it."""
    challenge = Challenge.parse(header)
    assert challenge is not None
    with pytest.raises(Unreachable, match="not an https URL"):
        Authenticator(Transport(), CREDENTIAL, plain_http=False).answer(challenge, "repository:x:pull")


@pytest.mark.parametrize("header", ["", "Digest realm=x", "Negotiate"])
def test_a_scheme_that_registries_do_not_use_is_no_challenge(header: str) -> None:
    """There is nothing to answer it with."""
    assert Challenge.parse(header) is None


@pytest.mark.parametrize(("status", "words"), [(403, "no access"), (429, "limits our rate"), (418, "answered 418")])
def test_any_other_answer_is_unknown(serve: Serve, status: int, words: str) -> None:
    """The status is told, with a remedy."""
    server = serve(lambda _: Answer(status, headers={"Retry-After": "3600"}))
    with pytest.raises(Unreachable, match=words):
        OciRegistry(server.host).digest_of(f"{server.host}/team/app", TAG)


def test_a_token_server_without_a_token_is_told(serve: Serve) -> None:
    """An empty answer is no access."""
    oci = OciServer("bearer")
    server, repository = started(serve, oci)
    oci.token = ""
    with pytest.raises(Unreachable, match="without a token"):
        OciRegistry(server.host, CREDENTIAL).digest_of(repository, TAG)

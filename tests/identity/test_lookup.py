"""What digests mean, asked of a registry on a real socket."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from promokit.errors import Unreachable
from promokit.identity.asked import AskedOnce
from promokit.identity.lookup import looked_up
from promokit.identity.proof import Proof, prove
from promokit.image import Digest
from promokit.registry.manifest import IMAGE_TYPES, INDEX_TYPES
from promokit.registry.oci import OciRegistry
from tests.factories import WORKLOAD, container, deployment, pod, replica_set
from tests.http_server import Answer, Respond, Server
from tests.registry.documents import LINUX_AMD64, LINUX_ARM64, UNKNOWN, child, config, digest_of, image, index
from tests.registry.oci_server import OciServer

CONFIGS = (config(), config(architecture="arm64"))
AMD64, ARM64 = image(CONFIGS[0]), image(CONFIGS[1])
INDEX = index(child(AMD64, LINUX_AMD64), child(ARM64, LINUX_ARM64), child(b"provenance", UNKNOWN))
STRANGER = digest_of(b"another image")
TAG = "2026.01.02.0003"


@pytest.fixture
def server(serve: Callable[[Respond], Server]) -> Server:
    """A registry with one index of two images."""
    registry = OciServer()
    registry.push(INDEX, INDEX_TYPES[0], TAG, "latest")
    for each in (AMD64, ARM64):
        registry.push(each, IMAGE_TYPES[0])
    return serve(registry)


def judged(server: Server, spec: str, *told: str) -> Proof:
    """The proof by what the pods of a Deployment tell; `{}` in both is the repository."""
    repository = f"{server.host}/team/app"
    pods = [pod(f"new-{number}", container(image_id=each.format(repository))) for number, each in enumerate(told)]
    there = deployment(images={"main-app": spec.format(repository)})
    return looked_up(prove(WORKLOAD, there, [replica_set()], pods), AskedOnce(OciRegistry(server.host)))


def at(content: bytes) -> str:
    return f"{{}}@{digest_of(content)}"


def bare(content: bytes) -> str:
    return str(digest_of(content))


@pytest.mark.parametrize("spec", [at(INDEX), "{}:" + TAG, "{}", f"{{}}:{TAG}@{digest_of(INDEX)}"])
@pytest.mark.parametrize(
    "told",
    [
        (at(INDEX),),
        (at(AMD64), at(AMD64)),
        (at(AMD64), at(ARM64)),
        (at(INDEX), at(ARM64)),
        (bare(CONFIGS[0]),),
        (bare(CONFIGS[1]), at(INDEX)),
        (bare(INDEX), "docker://" + bare(AMD64)),
        (bare(CONFIGS[0]).removeprefix("sha256:"),),
        ("docker-pullable://mirror.example/team/app@" + bare(AMD64),),
    ],
)
def test_what_an_index_explains_is_the_index(server: Server, spec: str, told: tuple[str, ...]) -> None:
    """By its images (CRI-O) or by their configs (an imported image), pinned or by what the tag means."""
    found = judged(server, spec, *told)
    assert (found.reason, found.digest, found.pods) == ("proven", digest_of(INDEX), len(told))


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ((at(b"another image"),), "spec-differs"),
        ((at(AMD64), at(b"another image")), "two-digests"),
        ((bare(b"another image"),), "no-digest"),
        ((at(AMD64), ""), "two-digests"),
        ((at(b"provenance"),), "spec-differs"),
    ],
)
def test_what_the_index_does_not_explain_stays_a_doubt(server: Server, told: tuple[str, ...], reason: str) -> None:
    """No digest is proven; an attestation is nothing that runs."""
    found = judged(server, at(INDEX), *told)
    assert (found.reason, found.digest) == (reason, None)


@pytest.mark.parametrize("spec", [at(b"gone"), "{}:gone", "NO REFERENCE"])
def test_a_spec_that_the_registry_does_not_know_explains_nothing(server: Server, spec: str) -> None:
    """Neither a digest nor a tag that isn't there, nor what is no reference."""
    assert judged(server, spec, bare(CONFIGS[0])).reason == "no-digest"


def test_a_single_image_is_explained_by_its_config(server: Server) -> None:
    """There is no index, and the runtime tells the config's digest."""
    assert judged(server, at(AMD64), bare(CONFIGS[0])).digest == digest_of(AMD64)


def test_a_tag_that_moved_on_leaves_what_the_pods_agree_on(server: Server) -> None:
    """The pods run another image than the tag means now: theirs is what runs."""
    assert judged(server, "{}:" + TAG, at(b"another image")).digest == STRANGER


def test_what_the_pods_prove_of_a_pin_asks_nobody(server: Server) -> None:
    """With containerd the pin and the pods say the same: no call to the registry."""
    assert judged(server, at(INDEX), at(INDEX)).digest == digest_of(INDEX)
    assert server.asked == []


def test_each_question_is_asked_once(server: Server) -> None:
    """Two workloads of one image cost no more than one."""
    repository, registry = f"{server.host}/team/app", AskedOnce(OciRegistry(server.host))
    doubt = Proof(WORKLOAD, "no-digest", f"{repository}:{TAG}", told=frozenset({digest_of(CONFIGS[1])}))
    assert [looked_up(doubt, registry).digest for _ in range(2)] == [digest_of(INDEX)] * 2
    assert len(server.asked) == 4  # the tag, the index, its two images


def test_a_registry_that_can_not_be_asked_is_told(serve: Callable[[Respond], Server]) -> None:
    """Whoever wanted to know decides what that means."""
    server = serve(lambda _: Answer(403))
    doubt = Proof(WORKLOAD, "spec-differs", f"{server.host}/team/app@{STRANGER}", told=frozenset({digest_of(AMD64)}))
    with pytest.raises(Unreachable):
        looked_up(doubt, AskedOnce(OciRegistry(server.host)))
    assert looked_up(evolve(doubt, reason="paused"), AskedOnce(OciRegistry(server.host))).reason == "paused"


def test_the_digest_of_a_doubt_is_never_told() -> None:
    """`digest` is there exactly if it is proven."""
    assert Proof(WORKLOAD, "two-digests", told=frozenset({Digest.parse(bare(AMD64))})).digest is None

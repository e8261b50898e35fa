from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.errors import PromokitError, Refused, Unreachable, VerificationFailed
from promokit.image import Digest
from promokit.registry.manifest import IMAGE_TYPES, INDEX_TYPES, REVISION, read_manifest, told_digest, verify
from promokit.registry.port import Manifest
from tests.registry.documents import (
    COMMIT,
    CONFIG_TYPE,
    LINUX_AMD64,
    LINUX_ARM64,
    UNKNOWN,
    bytes_of,
    child,
    config,
    digest_of,
    image,
    index,
)

WHERE = "registry.example/app"
ATTESTATION = {"vnd.docker.reference.type": "attestation-manifest"}


def read(content: bytes, media_type: str | None = None) -> Manifest:
    return read_manifest(content, digest_of(content), WHERE, media_type)


def test_an_index_gives_its_platforms_and_leaves_attestations_out() -> None:
    """What buildx makes by default: an image a platform, and an attestation of unknown platform for each."""
    amd64, arm64 = image(), image(annotations={"a": "b"})
    attestations = [child(b"provenance", UNKNOWN, annotations=ATTESTATION), child(b"bare", None)]
    manifest = read(index(child(amd64, LINUX_AMD64), child(arm64, LINUX_ARM64), *attestations))
    assert manifest.platforms == ("linux/amd64", "linux/arm64")
    assert manifest.children == (digest_of(amd64), digest_of(arm64))
    assert manifest.media_type == INDEX_TYPES[0]


def test_a_variant_that_matters_is_told() -> None:
    """arm/v7 and arm/v6 are different platforms."""
    platform = {"os": "linux", "architecture": "arm", "variant": "v7"}
    assert read(index(child(image(), platform))).platforms == ("linux/arm/v7",)


def test_a_single_image_is_read_with_its_config() -> None:
    """Its platform is in its config alone."""
    manifest = read(image())
    assert (manifest.platforms, manifest.children) == ((), ())
    assert manifest.config == digest_of(config())


def test_a_docker_manifest_list_is_an_index() -> None:
    """Docker's older media types mean the same."""
    content = index(child(image(), LINUX_AMD64, mediaType=IMAGE_TYPES[1]), mediaType=INDEX_TYPES[1])
    assert read(content).platforms == ("linux/amd64",)


@pytest.mark.parametrize(("told", "expected"), [(INDEX_TYPES[1], INDEX_TYPES[1]), (None, INDEX_TYPES[0])])
def test_a_document_without_its_type_has_what_the_registry_or_its_shape_says(told: str | None, expected: str) -> None:
    """mediaType is optional in an OCI document."""
    assert read(index(child(image(), LINUX_AMD64), mediaType=None), told).media_type == expected


def test_the_revision_is_the_annotation() -> None:
    """The build's commit, where the builder annotated the index."""
    assert read(index(child(image(), LINUX_AMD64), annotations={REVISION: COMMIT})).revision == COMMIT


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (index(), "an index without an image"),
        (index(child(b"x", UNKNOWN), child(b"y", None)), "an index without an image"),
        (index(child(b"x", LINUX_AMD64, mediaType=INDEX_TYPES[0])), "an index without an image"),
        (index(child(b"x", LINUX_AMD64, artifactType="application/spdx+json")), "an index without an image"),
        (image(artifactType="application/vnd.example.sbom"), "application/vnd.example.sbom"),
        (image(config={"mediaType": "application/vnd.cncf.helm.config.v1+json"}), "helm.config"),
        (image(layers=[{"mediaType": "application/vnd.in-toto+json"}]), "attestation"),
        (image(layers=None), "file system layer"),
        (image(config={"mediaType": CONFIG_TYPE}), "no digest"),
        (bytes_of({"schemaVersion": 1, "fsLayers": []}), "media type"),
        (b"[]", "no JSON object"),
        (b"\xff", "no JSON object"),
        (b"[" * 100_000, "no JSON object"),
    ],
)
def test_what_has_nothing_to_run_is_refused_by_name(content: bytes, name: str) -> None:
    """The refusal says what the thing is instead."""
    with pytest.raises(Refused, match=name):
        read(content)


def test_bytes_with_another_digest_are_an_error() -> None:
    """A proxy or a registry that changes one byte is found out."""
    content = image()
    with pytest.raises(VerificationFailed):
        read_manifest(content + b" ", digest_of(content), WHERE)


def test_a_digest_of_sha512_is_verified_too() -> None:
    """The digest's own algorithm counts."""
    with pytest.raises(VerificationFailed):
        verify(b"x", Digest("sha512:" + "0" * 128), WHERE)


@pytest.mark.parametrize("told", [None, "", "sha256:short", 7])
def test_a_registry_that_tells_no_digest_is_unknown(told: object) -> None:
    """Nonsense from a registry isn't the user's mistake."""
    with pytest.raises(Unreachable):
        told_digest(told, WHERE)


WORDS = st.sampled_from([*IMAGE_TYPES, *INDEX_TYPES, CONFIG_TYPE, "sha256:" + "0" * 64, "linux"])
KEYS = [
    "mediaType",
    "manifests",
    "config",
    "layers",
    "platform",
    "os",
    "architecture",
    "digest",
    "annotations",
]
LEAVES = st.none() | st.booleans() | st.integers() | WORDS


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)


@given(st.dictionaries(st.sampled_from(KEYS), st.recursive(LEAVES, _nested, max_leaves=8)))
def test_no_document_crashes_the_reader(document: dict[str, Any]) -> None:
    """Whatever a registry stores is read, or refused with promokit's own error."""
    content = bytes_of(document)
    try:
        manifest = read(content)
    except PromokitError:
        return
    assert manifest.content == content

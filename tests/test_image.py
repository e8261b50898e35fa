import datetime
import functools
import string
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.errors import ConfigError
from promokit.image import Digest, ImageRef, ReleaseTag, RevisionTag, parse_tag, tag_in

SHA256 = "sha256:" + "0f" * 32
SHA512 = "sha512:" + "0f" * 64
PARSERS: Sequence[Callable[[str], object]] = (
    ImageRef.parse, Digest.parse, ReleaseTag.parse, RevisionTag.parse, parse_tag
)  # fmt: skip
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/registry"


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("alpine", "docker.io", "library/alpine", None, None),
        ("alpine:3", "docker.io", "library/alpine", "3", None),
        ("acme/app", "docker.io", "acme/app", None, None),
        ("docker.io/alpine", "docker.io", "library/alpine", None, None),
        ("index.docker.io/alpine", "docker.io", "library/alpine", None, None),
        ("localhost/app", "localhost", "app", None, None),
        ("localhost:5000/app:5000", "localhost:5000", "app", "5000", None),
        ("LOCAL/app", "LOCAL", "app", None, None),
        ("Example.COM:80/app", "Example.COM:80", "app", None, None),
        ("[fd00::1]:5000/app", "[fd00::1]:5000", "app", None, None),
        ("host:80/x", "host:80", "x", None, None),
        (
            f"{ECR}:2026.01.02.0003@{SHA256}",
            ECR.removesuffix("/registry"),
            "registry",
            "2026.01.02.0003",
            SHA256,
        ),
        (f"a__b/c--d.e@{SHA512}", "docker.io", "a__b/c--d.e", None, SHA512),
        ("under_score.com/app", "", "under_score.com/app", None, None),
    ],
)
def test_a_reference_is_read_as_docker_reads_it(
    text: str, registry: str, repository: str, tag: str | None, digest: str | None
) -> None:
    """Registry, repository, tag and digest are those of distribution/reference's normalized parse."""
    ref = ImageRef.parse(text)
    read = (ref.registry, ref.repository, ref.tag, ref.digest and ref.digest.text)
    assert read == (registry, repository, tag, digest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":tag",
        "App",
        "acme/App",
        "a" * 64,
        "app:",
        "app@",
        "app:-x",
        "app:" + "t" * 129,
        "app@sha256:" + "0" * 63,
        "app@sha256:" + "0F" * 32,
        "app@md5:" + "0" * 32,
        "app@" + SHA256 + "@" + SHA256,
        "-app",
        "app-",
        "a..b",
        "a___b",
        "a//b",
        "/a",
        "a/",
        "https://host/app",
        "-host.com/app",
        "[fe80::1%eth0]/app",
        "app\n",
        "app:tag\n",
        "ap p",
        "äpp",
        "app:٣",
        "a/" + "b" * 256,
        "\ud800",
    ],
)
def test_what_is_not_a_reference_is_refused(text: str) -> None:
    """Nothing that Docker refuses passes, and the error is promokit's own."""
    with pytest.raises(ConfigError):
        ImageRef.parse(text)


def test_the_length_limit_counts_the_repository_without_the_host() -> None:
    """255 characters of repository are the most, whatever the host."""
    assert ImageRef.parse("host.example/" + "a" * 255).repository == "a" * 255


def test_each_line_of_the_recorded_verdicts_is_judged_alike() -> None:
    """The verdicts were recorded from distribution/reference itself, by the program in tests/lab/go/references."""
    wrong = [line for line in _recorded() if _judged(line.split("\t")[0]) != line]
    assert wrong == []


def _recorded() -> list[str]:
    return (Path(__file__).parent / "fixtures/references.tsv").read_text().splitlines()


def _judged(text: str) -> str:
    try:
        ref = ImageRef.parse(text)
    except ConfigError:
        return f"{text}\t-"
    return "\t".join((text, ref.registry, ref.repository, ref.tag or "", str(ref.digest or "")))


def test_a_reference_can_not_be_built_wrong() -> None:
    """The constructor takes only normalized parts."""
    with pytest.raises(ConfigError):
        ImageRef("docker.io", "alpine")
    with pytest.raises(ConfigError):
        ImageRef("host.example", "app:tag")
    with pytest.raises(ConfigError):
        ImageRef("host.example", "app", tag="")


@pytest.mark.parametrize("value", [None, 7, b"sha256:" + b"0f" * 32, ["x"], datetime.date(2026, 1, 2)])
def test_no_value_of_another_type_is_taken(value: Any) -> None:
    """An untyped caller gets promokit's own error too, and no value that breaks later."""
    number: Any = True if value == 7 else value
    digest: Any = value or SHA256
    builders: Sequence[Callable[[], object]] = (
        *(functools.partial(parse, value) for parse in PARSERS),
        lambda: ReleaseTag(datetime.date(2026, 1, 2), number),
        lambda: ImageRef("host.example", value),
        lambda: ImageRef("host.example", "app", digest=digest),
    )
    for build in builders:
        with pytest.raises(ConfigError):
            build()


def test_with_replaces_what_is_given_and_keeps_the_rest() -> None:
    """A pin is made from a repository, a tag and a digest."""
    ref = ImageRef.parse(ECR).with_(tag="2026.01.02.0003").with_(digest=Digest(SHA256))
    assert str(ref) == f"{ECR}:2026.01.02.0003@{SHA256}"
    assert ref.name == ECR


WORDS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
COMPONENTS = st.builds(lambda words, sep: sep.join(words), st.lists(WORDS, min_size=1, max_size=3),
                       st.sampled_from([".", "_", "__", "-", "---"]))  # fmt: skip
HOSTS = st.sampled_from(["docker.io", "ghcr.io", "localhost", "localhost:5000", "UPPER", "[::1]:80", ECR[:-9]])
TAGS = st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True)
DIGESTS = st.none() | st.sampled_from([SHA256, SHA512])


@given(HOSTS, st.lists(COMPONENTS, min_size=1, max_size=4), TAGS, DIGESTS)
def test_a_reference_prints_back_what_it_parsed(
    host: str, components: list[str], tag: str | None, digest: str | None
) -> None:
    """Parsing what a reference prints gives the same reference."""
    text = f"{host}/{'/'.join(components)}" + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    ref = ImageRef.parse(text)
    assert ImageRef.parse(str(ref)) == ref
    assert str(ref) in (text, text.replace("docker.io/", "docker.io/library/", 1))


PIECES = st.sampled_from(
    ["a", "A", "0", ":", "/", "@", ".", "-", "_", "[", "]", "sha256:", "f" * 32, "docker.io", "\n"]
)


@given(st.text(max_size=300) | st.lists(PIECES, max_size=12).map("".join))
def test_no_input_crashes_the_parsers(text: str) -> None:
    """Whatever comes from outside is a value or promokit's own error, and a value prints itself."""
    for parse in PARSERS:
        try:
            value = parse(text)
        except ConfigError:
            continue
        assert parse(str(value)) == value


def test_a_digest_gives_its_hex() -> None:
    """Algorithm and hex are the halves of a digest."""
    digest = Digest.parse(SHA256)
    assert (str(digest), digest.algorithm, digest.hex) == (SHA256, "sha256", "0f" * 32)


@given(st.dates(), st.integers(min_value=0, max_value=10**18 - 1))
def test_a_release_tag_prints_back_what_it_parsed(date: datetime.date, number: int) -> None:
    """Date and number survive the text, and the number has four digits or more."""
    tag = ReleaseTag.of(date, number)
    assert ReleaseTag.parse(str(tag)) == tag
    assert len(str(tag)) >= len("2026.01.02.0003")


def test_a_release_tag_is_ordered_by_date_then_number() -> None:
    """Text order would put 10000 before 9999."""
    texts = ["2025.12.31.10001", "2026.01.01.0002", "2026.01.01.9999", "2026.01.01.10000", "2026.01.02.0001"]
    assert sorted(map(ReleaseTag.parse, reversed(texts))) == [ReleaseTag.parse(text) for text in texts]


@pytest.mark.parametrize(
    "text", ["2026.02.30.0001", "2026.1.2.0003", "2026.01.02.003", "2026.01.02.00003", "0000.01.01.0001",
             "2026.01.02.0003\n", "2026.01.02.٠٠٠٣", "latest", ""]
)  # fmt: skip
def test_what_is_not_a_release_tag_is_refused(text: str) -> None:
    """A date that doesn't exist, a short number, or a number padded too far."""
    with pytest.raises(ConfigError):
        ReleaseTag.parse(text)


def test_a_release_tag_can_not_be_built_wrong() -> None:
    """A negative number has no text, and a moment can't be compared with a day."""
    with pytest.raises(ConfigError):
        ReleaseTag.of(datetime.date(2026, 1, 2), -1)
    with pytest.raises(ConfigError):
        ReleaseTag(datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), 1)


def test_a_release_tag_of_a_moment_keeps_its_date() -> None:
    """The run's creation time is a datetime; tags of one day stay comparable."""
    moment = datetime.datetime(2026, 1, 2, 23, 59, tzinfo=datetime.UTC)
    assert ReleaseTag.of(moment, 3) == ReleaseTag.parse("2026.01.02.0003")


def test_a_tag_is_a_release_or_a_revision() -> None:
    """The two forms are told apart by their text."""
    assert parse_tag("2026.01.02.0003") == ReleaseTag(datetime.date(2026, 1, 2), 3)
    assert parse_tag("ab" * 20) == RevisionTag("ab" * 20)


@pytest.mark.parametrize("text", ["latest", "v1.2.3", "AB" * 20, "ab" * 19, "2026.01.02"])
def test_a_tag_that_can_move_is_refused_and_both_forms_are_named(text: str) -> None:
    """Whoever typed `latest` learns what to type instead."""
    with pytest.raises(ConfigError, match=r"YYYY\.MM\.DD\.NNNN.*40 hex"):
        parse_tag(text)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("registry:5000/app:2026.11.24.0001@sha256:" + "a" * 64, "2026.11.24.0001"),
        ("localhost:5000/app", ""),
        ("localhost:5000/app:1", "1"),
        ("app@sha256:" + "a" * 64, ""),
        ("", ""),
    ],
)
def test_the_tag_in_an_image(text: str, tag: str) -> None:
    """A port is no tag."""
    assert tag_in(text) == tag

"""References are read as distribution/reference itself reads them: its own parser, built from Go, is asked too."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import IO, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promokit.errors import ConfigError
from promokit.image import ImageRef
from tests.lab import build

pytestmark = pytest.mark.lab

HEX = "0123456789abcdef"
NAMES = ["a", "A", "0", "app", "App", "library", "docker.io", "index.docker.io", "localhost", "Host", "h.e", "a_b.c"]
MARKS = [":", "/", "@", ".", "-", "_", "__", "--", "[", "]", "::1", "[::1]", ":5000", ":٣", "\n", " ", "%", "é"]
DIGESTS = [f"@{name}:{HEX * many}" for name, many in (("sha256", 4), ("sha384", 6), ("sha512", 8), ("md5", 2))]
LONG = ["f" * 63, HEX * 4, HEX * 8, "y" * 120, "2026.01.02.0003", "sha256:"]
NO_DIGESTS = ["@sha256:" + "F" * 64, "@sha256:" + "0" * 63]
PIECES = st.sampled_from([*NAMES, *MARKS, *DIGESTS, *NO_DIGESTS, *LONG])
SHAPED = st.tuples(
    st.sampled_from(["", *(f"{each}/" for each in NAMES), "h.e:80/", "[::1]/", "[::1]:80/", "a/b/", "-a/", "a-.b/"]),
    st.lists(st.sampled_from([*NAMES[:6], *LONG[:5], "a.b", "a..b", "a-", "a__b", "a___b"]), min_size=1, max_size=4),
    st.sampled_from(["", ":", ":t", ":2026.01.02.0003", ":-t", ":" + "t" * 128, ":" + "t" * 129]),
    st.sampled_from(["", "@", *DIGESTS, *NO_DIGESTS]),
).map(lambda parts: f"{parts[0]}{'/'.join(parts[1])}{parts[2]}{parts[3]}")


class Original:
    """The program of go/references: a line in, a line out."""

    def __init__(self, stdin: IO[str], stdout: IO[str]) -> None:
        self._stdin, self._stdout = stdin, stdout

    def read(self, text: str) -> list[str] | None:
        self._stdin.write(json.dumps(text) + "\n")
        self._stdin.flush()
        answer: list[str] | None = json.loads(self._stdout.readline())
        return answer


@pytest.fixture(scope="module")
def original() -> Iterator[Original]:
    """distribution/reference, running."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([build.build("references") / "references"], **pipes) as process:
        assert process.stdin
        assert process.stdout
        yield Original(process.stdin, process.stdout)


def read(text: str) -> list[str] | None:
    try:
        found = ImageRef.parse(text)
    except ConfigError:
        return None
    return [found.registry, found.repository, found.tag or "", str(found.digest or "")]


@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=SHAPED | st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=80))
def test_a_reference_is_taken_and_refused_as_the_original_does_it(original: Original, text: str) -> None:
    """The same texts are references, and each has the same four parts."""
    assert read(text) == original.read(text)

"""The example system's names on GitHub, and the urls in answers."""

import zlib

REPOSITORY = "acme/credreg"
DEFAULT_BRANCH = "master"
TOKEN = "lab-github-token"
HTML = f"https://github.com/{REPOSITORY}"


def stable_id(text: str) -> int:
    """A number that stands for a name, the same in every run, as GitHub's ids are."""
    return 1_000_000 + zlib.crc32(text.encode()) % 900_000_000


def node_id(kind: str, text: str) -> str:
    """A GraphQL node id: opaque, but always there."""
    return f"{kind}_lab{zlib.crc32(text.encode()):08x}"

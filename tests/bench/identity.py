"""How long `import promokit` takes, and whether a repository's ten thousand tags slow the resolving of a digest."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import requests

from promokit.identity.asked import AskedOnce
from promokit.identity.tags import commit_of, release_tag_of
from promokit.image import Digest, ImageRef
from promokit.registry import Registry
from promokit.registry.ecr import EcrRegistry
from promokit.registry.ecr_host import EcrHost
from promokit.registry.manifest import INDEX_TYPES
from promokit.registry.oci import OciRegistry
from tests.http_server import Answer, Asked, Server
from tests.lab.doubles.images import push_index
from tests.lab.doubles.registry import real_registry

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
TAG, COMMIT, DIGEST = "2026.01.02.0003", "f" * 40, Digest("sha256:" + "a" * 64)
RUNS, FEW, MANY = 25, 2, 10_000


def main() -> None:
    """Print the results as the rows of docs/benchmarks.md."""
    bare, imported = import_times()
    print(f"| `import promokit` | {1000 * (imported - bare):.1f} ms over a bare interpreter's {1000 * bare:.1f} ms |")
    for name, measured in (("ECR's API", ecr_times), ("docker-registry", oci_times)):
        (few, calls), (many, calls_many) = measured(FEW), measured(MANY)
        told = f"{1000 * few:.1f} ms, {calls} calls; with {MANY:,}: {1000 * many:.1f} ms, {calls_many} calls"
        print(f"| tag and commit of a digest, {name} with {FEW} tags | {told} |")


def import_times() -> tuple[float, float]:
    """The median seconds of an interpreter that does nothing, and of one that imports promokit, run in turns."""
    taken: dict[str, list[float]] = {"pass": [], "import promokit": []}
    for _ in range(RUNS):
        for program, times in taken.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)
            times.append(time.perf_counter() - began)
    return statistics.median(taken["pass"]), statistics.median(taken["import promokit"])


def ecr_times(tags: int) -> tuple[float, int]:
    """Seconds and calls with the real client of botocore; the server answers by digest at once, as ECR does."""
    by_digest = {f"sha256:{number:064x}": [f"2026.02.01.{number + 1:04}"] for number in range(tags - 2)}
    by_digest[str(DIGEST)] = [TAG, COMMIT]

    def respond(asked: Asked) -> Answer:
        wanted = json.loads(asked.body)["imageIds"][0]["imageDigest"]
        body = json.dumps({"imageDetails": [{"imageDigest": wanted, "imageTags": by_digest[wanted]}]})
        return Answer(200, body.encode(), {"Content-Type": "application/x-amz-json-1.1"})

    with Server(respond).running() as server:
        keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_ENDPOINT_URL": server.url}
        registry = EcrRegistry.open(EcrHost("123456789012", "us-east-1", False, False), keys)
        image = f"{HOST}/registry@{DIGEST}"
        seconds = resolving(registry, image, DIGEST)
        return seconds, len(server.asked) // (RUNS + 1)


def oci_times(tags: int) -> tuple[float, int]:
    """Seconds and calls at a real registry, where the pin has the tag."""
    with real_registry() as url, counting(url) as counted:
        pushed = push_index(url, "app", TAG)
        add_tags(url, pushed.content, tags - 1)
        host = counted.host
        image = f"{host}/app:{TAG}@{pushed.digest}"
        seconds = resolving(OciRegistry(host), image, Digest(pushed.digest))
        return seconds, len(counted.asked) // (RUNS + 1)


@contextmanager
def counting(url: str) -> Iterator[Server]:
    """A server that passes what it is asked on to the registry, so that the calls can be counted."""
    with requests.Session() as session:
        session.trust_env = False

        def respond(asked: Asked) -> Answer:
            accept = {"Accept": asked.headers.get("Accept", "*/*")}
            answer = session.request(asked.method, url + asked.path, headers=accept, params=asked.query, timeout=10)
            kept = ("Content-Type", "Docker-Content-Digest")
            return Answer(answer.status_code, answer.content, {key: answer.headers[key] for key in kept})

        with Server(respond).running() as server:
            yield server


def add_tags(url: str, content: bytes, tags: int) -> None:
    """Put the same index under more tags."""
    with requests.Session() as session, ThreadPoolExecutor(4) as workers:
        session.trust_env = False
        headers = {"Content-Type": INDEX_TYPES[0]}

        def put(number: int) -> int:
            target = f"{url}/v2/app/manifests/2026.02.01.{number + 1:04}"
            return session.put(target, data=content, headers=headers, timeout=30).status_code

        assert set(workers.map(put, range(tags))) <= {201}


def resolving(registry: Registry, image: str, digest: Digest) -> float:
    """The median seconds of the registry's part of one `resolve`, after a first one that connects."""

    def once() -> None:
        asked = AskedOnce(registry)
        tag = release_tag_of(asked, image, digest)
        assert tag == TAG
        commit_of(asked, ImageRef.parse(ImageRef.parse(image).name).with_(tag=tag, digest=digest))

    once()
    return statistics.median(timed(once) for _ in range(RUNS))


def timed(act: Callable[[], None]) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

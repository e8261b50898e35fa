"""A real registry for tests: docker-registry on a free loopback port, which keeps everything in memory."""

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.packages import bring

_CONFIG = """\
version: 0.1
log: {level: info, formatter: text}
storage:
  inmemory: {}
  delete: {enabled: true}
http: {addr: "127.0.0.1:0"}
"""
_LISTENING = re.compile(r"listening on (127\.0\.0\.1:\d+)")


@contextmanager
def real_registry() -> Iterator[str]:
    """The URL of a running, empty registry, which ends with the block."""
    with tempfile.TemporaryDirectory(prefix="promokit-registry-") as directory:
        config = Path(directory, "config.yml")
        config.write_text(_CONFIG)
        command = [bring("docker-registry", "docker-registry"), "serve", str(config)]
        log = Path(directory, "log")
        with log.open("w") as written:
            process = subprocess.Popen(command, stdout=written, stderr=written)
        try:
            yield f"http://{_address(process, log)}"
        finally:
            process.kill()  # Nothing of it is needed any more.
            process.wait(timeout=10)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the kernel chose, from the registry's log; RuntimeError where it doesn't come."""
    for _ in range(1000):
        if match := _LISTENING.search(log.read_text()):
            return match[1]
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise RuntimeError(f"docker-registry didn't start: {log.read_text()}")

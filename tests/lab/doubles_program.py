"""The doubles of AWS, GitHub and Slack, as one of the lab's programs."""

from __future__ import annotations

import functools
import importlib.util
import signal
import socket
import sys
import urllib.request
from pathlib import Path

from tests.lab import processes
from tests.lab.layout import CHECKOUT, DOUBLES_PORTS, ORIGIN, REGISTRY_URL, STATE

_NAME = "doubles"


def start() -> None:
    """Start them; lab.json must be written, the origin repository need not be there yet."""
    if importlib.util.find_spec("tests.lab.doubles") is None:
        return
    where: list[str | Path] = ["--registry", REGISTRY_URL, "--clusters", STATE, "--origin", ORIGIN]
    processes.start(
        _NAME,
        [sys.executable, "-m", "tests.lab.doubles", *where],
        environ={"PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"},
        stop_signal=signal.SIGTERM,
    )


def wait() -> None:
    """Wait until each of their ports answers."""
    if importlib.util.find_spec("tests.lab.doubles") is None:
        return
    for port in DOUBLES_PORTS:
        remedy = f"see the words above, and whether another program uses port {port}."
        processes.wait_until(_NAME, functools.partial(_listens, port), seconds=20, remedy=remedy)


def reset() -> None:
    """Have them forget what they were told, if they run."""
    for port in DOUBLES_PORTS:
        if _listens(port):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/_lab/reset", method="POST")
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

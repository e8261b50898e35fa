"""The three doubles as one process."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.doubles.history import History
from tests.lab.doubles.slack import SlackDouble

pytestmark = pytest.mark.program

ROOT = Path(__file__).parents[2]


@contextmanager
def started(history: History, clusters: Path, slack_port: int = 0) -> Iterator[subprocess.Popen[str]]:
    """The process with free ports; killed where the test leaves it running."""
    command = [sys.executable, "-m", "tests.lab.doubles", "--registry", "http://127.0.0.1:9"]
    where = ["--clusters", str(clusters), "--origin", str(history.origin)]
    ports = ["--aws-port", "0", "--github-port", "0", "--slack-port", str(slack_port)]
    process = subprocess.Popen(
        [*command, *where, *ports], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(history: History, clusters: Path, stop: signal.Signals) -> None:
    """Ready on one line, healthy on three ports; a signal ends it with 0 and a silent stderr."""
    with started(history, clusters) as process, requests.Session() as session:
        assert process.stdout is not None
        urls = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert len(urls) == 3
        for url in urls:
            assert session.get(f"{url}/_lab/health", timeout=10).json() == {"ok": True}
        process.send_signal(stop)
        assert process.wait(timeout=10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_taken_port_is_told(history: History, clusters: Path, slack: SlackDouble) -> None:
    """A port that something else listens on is exit 2 with a remedy, without a traceback."""
    port = int(slack.url.rpartition(":")[2])
    with started(history, clusters, slack_port=port) as process:
        said = process.communicate(timeout=10)[1]
        assert process.returncode == 2
        assert "Remedy" in said
        assert "Traceback" not in said


def test_a_stopped_double_answers_nobody() -> None:
    """After the block a kept-alive connection has ended and its port is closed."""
    with SlackDouble() as double:
        host, port = double.url.removeprefix("http://").split(":")
        connection = socket.create_connection((host, int(port)), timeout=10)
        connection.sendall(b"GET /_lab/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
    with connection, connection.makefile("rb") as answer:
        assert answer.read().endswith(b'{"ok": true}')
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=10)

"""A checkout of promokit with a small lock, a package index of its own, and runners with more or less on
them."""

from __future__ import annotations

import hashlib
import http.server
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import Factory, define, frozen

ROOT = Path(__file__).resolve().parents[2]
BASE_PYTHON = Path(sys.executable).resolve()

REPORT = """
import json, os, sys

def main():
    import dependency, promokit
    if sys.argv[1:] == ["wait"]:
        return wait()
    print(json.dumps({
        "argv": sys.argv, "path": sys.path, "pid": os.getpid(), "environ": dict(os.environ),
        "promokit": promokit.__file__, "dependency": dependency.__file__,
    }))
    return int(os.environ.get("EXIT", "0"))

def wait():
    import signal, time
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _: (print(signal.Signals(got).name), sys.exit(128 + got)))
    print("waiting", os.getpid())
    time.sleep(60)
"""


PAGE = b'<!DOCTYPE html><a href="/dependency-1.0-py3-none-any.whl">dependency-1.0-py3-none-any.whl</a>'


@define
class Index:
    """A package index on loopback that serves one wheel; `held` makes it answer nothing until it's let
    go."""

    url: str
    sha256: str
    requests: list[str] = Factory(list)
    reached: threading.Event = Factory(threading.Event)
    go: threading.Event = Factory(threading.Event)


@frozen
class Runner:
    """A machine that runs an action: what is on its PATH, its temp folder, its workspace, and the
    checkout."""

    checkout: Path
    bin: Path
    temp: Path
    workspace: Path
    index: Index

    def install(self, name: str, target: Path | str) -> None:
        """Puts a program on PATH: a link to one, or a script with this text."""
        program = self.bin / name
        program.unlink(missing_ok=True)
        if isinstance(target, Path):
            program.symlink_to(target)
        else:
            program.write_text(target)
            program.chmod(0o755)

    def remove(self, name: str) -> None:
        """Takes a program off PATH."""
        (self.bin / name).unlink()

    def environ(self, **more: str) -> dict[str, str]:
        """The step's environment."""
        return {
            "PATH": str(self.bin),
            "HOME": str(self.temp),
            "RUNNER_TEMP": str(self.temp),
            "PIP_INDEX_URL": self.index.url,
            "UV_DEFAULT_INDEX": self.index.url,
            "UV_NO_CACHE": "1",
            "PIP_NO_CACHE_DIR": "1",
            **more,
        }

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Starts the launcher as an action's step does."""
        return subprocess.Popen(
            ["/bin/sh", "-ec", 'exec "$0" "$@"', str(self.checkout / "actions/launch"), *arguments],
            cwd=self.workspace,
            env=self.environ(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def launch(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs the launcher to its end."""
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def made(self) -> list[str]:
        """What is in the folder of environments."""
        return sorted(path.name for path in (self.temp / "promokit").iterdir())


def wheel(folder: Path) -> Path:
    """A wheel of the package `dependency`, the same bytes every time."""
    path = folder / "dependency-1.0-py3-none-any.whl"
    info = "dependency-1.0.dist-info"
    files = {
        "dependency.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: dependency\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": f"dependency.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return path


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """A package index that has the package `dependency`."""
    folder = tmp_path / "index"
    folder.mkdir()
    content = wheel(folder).read_bytes()
    found = Index("", hashlib.sha256(content).hexdigest())
    found.go.set()

    class Simple(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.requests.append(self.path)
            found.reached.set()
            found.go.wait(60)
            body = content if self.path.endswith(".whl") else PAGE
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if body is PAGE else "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.send_error(405)

        def log_message(self, format: str, *args: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Simple)
    found.url = f"http://127.0.0.1:{server.server_address[1]}/simple/"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield found
    found.go.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def runner(tmp_path: Path, index: Index, uv: Path) -> Runner:
    """A runner with a Python and uv. Its paths have spaces."""
    home = tmp_path / "a runner"
    made = Runner(home / "its checkout", home / "bin", home / "temp dir", home / "work space", index)
    for folder in (made.bin, made.temp, made.workspace):
        folder.mkdir(parents=True)
    lay_checkout(made.checkout, index.sha256)
    made.install("python3", BASE_PYTHON)
    made.install("uv", uv)
    made.install("dirname", Path(shutil.which("dirname") or "/usr/bin/dirname"))
    return made


def lay_checkout(checkout: Path, sha256: str) -> None:
    """The launcher as it is, a program that reports what it sees, and a lock of one package."""
    (checkout / "actions").mkdir(parents=True)
    for name in ("launch", "launch.py"):
        shutil.copy(ROOT / "actions" / name, checkout / "actions")
    lock = f"dependency==1.0 \\\n    --hash=sha256:{sha256}\n"
    (checkout / "actions/requirements.txt").write_text(lock)
    (checkout / "src/promokit/cli").mkdir(parents=True)
    (checkout / "src/promokit/__init__.py").touch()
    (checkout / "src/promokit/cli/__init__.py").write_text(REPORT)


@pytest.fixture
def uv() -> Path:
    """The uv of this machine: `make setup` brings one."""
    found = Path(shutil.which("uv") or ROOT / ".tools/bin/uv")
    assert found.exists(), "Remedy: make setup"
    return found


@pytest.fixture(params=["uv", "pip"])
def either(request: pytest.FixtureRequest, runner: Runner) -> Runner:
    """A runner with uv, and one that has only its Python's pip."""
    if request.param == "pip":
        runner.remove("uv")
    return runner


@pytest.fixture
def bare(runner: Runner, tmp_path: Path) -> Runner:
    """A runner whose Python has neither pip nor venv, as Debian's has without its packages for them."""
    home = tmp_path / "bare"
    subprocess.run([BASE_PYTHON, "-m", "venv", "--without-pip", home], check=True)
    site = next(home.glob("lib/python*/site-packages"))
    (site / "sitecustomize.py").write_text("import sys\nsys.modules['venv'] = None\n")
    runner.install("python3", f'#!/bin/sh\nexec "{home}/bin/python3" "$@"\n')
    runner.remove("uv")
    return runner

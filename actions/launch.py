"""Runs promokit for an action: `launch.py COMMAND…` becomes `promokit COMMAND…` in a private environment.

The environment is one folder of the packages in requirements.txt, each checked by its hash. It is made once
a job, for the later steps to find, and put in its place by one rename: it is there whole or not at all.
promokit itself is the one beside this file. Only the standard library is imported here.
"""

import hashlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "src"
LOCK = HERE / "requirements.txt"

# What the new process runs. -S leaves out every site-packages folder: besides the standard library there are
# the two paths given, promokit's own first.
MAIN = (
    "import sys; sys.path[:0] = sys.argv[1:3]; sys.argv[:3] = ['promokit']; "
    "from promokit.cli import main; sys.exit(main())"
)
FLAGS = ["-I", "-S", "-u", "-X", "utf8"]

# Only wheels: an sdist's build requirements are not in the lock, so they would come unchecked.
CHECKED = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(LOCK)]

# Beginnings of the variables that tell an installer where or how to install. What names an index stays.
STEERING = re.compile(
    "PYTHON|PIP_(USER|TARGET|PREFIX|ROOT|REQUIRE|PYTHON|CONSTRAINT|NO_BINARY|DRY_RUN)"
    "|UV_(CONSTRAINT|OVERRIDE|PYTHON|SYSTEM|TARGET|PREFIX|NO_BINARY|NO_VERIFY)|VIRTUAL_ENV|CONDA_PREFIX"
)


class Failed(Exception):
    """What went wrong and the remedy, a sentence each."""


def main(arguments: list[str]) -> NoReturn:
    """Becomes promokit; where that can't be, one line with a remedy and exit code 2."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        packages = environment()
    except Failed as failed:
        say_failed(*map(str, failed.args))
        sys.exit(2)
    except OSError as error:
        say_failed(f"{error.filename or HERE}: {error.strerror}.", "Let this user write in RUNNER_TEMP.")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, *FLAGS, "-c", MAIN, str(SOURCE), str(packages), *arguments]
    os.execve(sys.executable, command, environ)  # noqa: S606 - no shell is wanted: signals must arrive


def environment() -> Path:
    """The folder with the locked packages, made now if this job has none yet."""
    if not (SOURCE / "promokit").is_dir() or not LOCK.is_file():
        raise Failed(f"{HERE.parent} is not all of promokit.", "Use the action from a whole checkout of it.")
    parent = private_folder()
    packages = parent / key()
    if not packages.is_dir():
        make(packages, parent)
    return packages


def private_folder() -> Path:
    """Where environments are. Nobody else may write there: what it holds runs with the job's credentials."""
    asked = (os.environ.get(name) for name in ("PROMOKIT_CACHE", "RUNNER_TEMP", "XDG_CACHE_HOME"))
    folder = next((Path(cache) for cache in asked if cache), Path.home() / ".cache") / "promokit"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise Failed(f"{folder} is not this user's alone.", "Remove it, or give this user a RUNNER_TEMP.")
    return folder


def key() -> str:
    """Names the environment: another lock or another Python is another environment."""
    python = f"{sys.version} {os.path.realpath(sys.executable)}"
    return hashlib.sha256(LOCK.read_bytes() + python.encode()).hexdigest()[:20]


def make(packages: Path, parent: Path) -> None:
    """Installs into a folder of its own, then renames. Of two at once, the second uses the first's."""
    scratch = Path(tempfile.mkdtemp(prefix="making-", dir=parent))
    try:
        install(scratch / "packages", scratch)
        (scratch / "packages").rename(packages)
    except OSError:
        if not packages.is_dir():
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def install(target: Path, scratch: Path) -> None:
    """Puts the locked packages into `target` with the first installer that this machine has.

    Without bytecode: that takes half a minute, when a job imports a tenth. Python keeps what it imports.
    """
    if uv := shutil.which("uv"):
        run([uv, "pip", "install", "--python", sys.executable, "--target", str(target), *CHECKED], scratch)
        return
    quietly = ["--no-user", "--no-compile", "--no-input", "--disable-pip-version-check"]
    run([*pip(scratch), "install", *quietly, "--target", str(target), *CHECKED], scratch)


def pip(scratch: Path) -> list[str]:
    """This Python's pip; else one made by its ensurepip; else another Python's, told whom to install for."""
    if answers([sys.executable, "-I", "-m", "pip", "--version"]):
        return [sys.executable, "-I", "-m", "pip"]
    if answers([sys.executable, "-I", "-m", "venv", str(scratch / "pip")]):
        return [str(scratch / "pip/bin/python"), "-I", "-m", "pip"]
    for name in ("pip3", "pip"):
        if (found := shutil.which(name)) and answers([found, "--python", sys.executable, "--version"]):
            return [found, "--python", sys.executable]
    raise Failed(
        f"Nothing here can install packages: there is no uv, and {sys.executable} has neither pip nor venv.",
        "Add a step with astral-sh/setup-uv or actions/setup-python before, or install python3-venv.",
    )


def answers(command: list[str]) -> bool:
    """Whether the command ends well."""
    return subprocess.run(command, env=clean(), capture_output=True, check=False).returncode == 0


def run(command: list[str], scratch: Path) -> None:
    """Runs an installer away from the workspace, whose uv.toml and pyproject.toml would steer it."""
    done = subprocess.run(command, cwd=scratch, env=clean(), capture_output=True, check=False)
    if done.returncode == 0:
        return
    for line in (done.stdout + done.stderr).decode(errors="replace").splitlines():
        print("|", line.replace("##[", "# #["), file=sys.stderr)  # an index's words are no workflow commands
    raise Failed(
        f"{Path(command[0]).name} could not install the packages of {LOCK}; its words are above.",
        "Let this machine reach a package index, or name a mirror in UV_DEFAULT_INDEX and PIP_INDEX_URL."
        " If a hash doesn't match, the index serves another file than the one that was locked: don't go on.",
    )


def clean() -> dict[str, str]:
    """The environment variables for an installer."""
    return {name: value for name, value in os.environ.items() if not STEERING.match(name)}


def say_failed(what: str, remedy: str) -> None:
    """One line; on a runner an annotation, escaped as its command syntax wants it."""
    text = f"{what} Remedy: {remedy}"
    if os.environ.get("GITHUB_ACTIONS") == "true":
        escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        text = f"::error title=promokit::{escaped}"
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])

"""The repository's history, asked of a real bare git repository."""

import os
import subprocess
from pathlib import Path

from attrs import frozen

_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x1e"


@frozen
class Person:
    """An author or committer; `at` is ISO 8601 with an offset."""

    name: str
    email: str
    at: str


@frozen
class Commit:
    """One commit; `message` has no newline at its end."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


class Git:
    """Reads one bare repository; names may be branches, tags or commits."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def resolve(self, name: str) -> str | None:
        """The commit that a branch, tag or (abbreviated) sha names, or None."""
        for reference in (f"refs/heads/{name}", f"refs/tags/{name}", name if _hex(name) else ""):
            if reference and (sha := self._run("rev-parse", "-q", "--verify", f"{reference}^{{commit}}")):
                return sha.strip()
        return None

    def branch(self, name: str) -> str | None:
        """The branch's head, or None where there is no such branch."""
        sha = self._run("rev-parse", "-q", "--verify", f"refs/heads/{name}^{{commit}}")
        return sha.strip() if sha else None

    def commit(self, sha: str) -> Commit:
        """One commit; KeyError where there is none."""
        text = self._run("show", "-s", f"--format={_FORMAT}", sha)
        if text is None:
            raise KeyError(sha)
        return _commits(text)[0]

    def merge_base(self, base: str, head: str) -> str | None:
        """The best common ancestor, or None."""
        sha = self._run("merge-base", base, head)
        return sha.strip() if sha else None

    def between(self, base: str, head: str) -> list[Commit]:
        """What head has and base hasn't, oldest first."""
        return _commits(self._run("log", "--reverse", "--topo-order", f"--format={_FORMAT}", f"{base}..{head}") or "")

    def has(self, branch: str, path: str) -> bool:
        """Whether a file is there on a branch."""
        return self._run("cat-file", "-e", f"refs/heads/{branch}:{path}") is not None

    def _run(self, *arguments: str) -> str | None:
        command = ["git", "--git-dir", str(self._directory), *arguments]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30, env=clean)
        return done.stdout if done.returncode == 0 else None


def _hex(name: str) -> bool:
    return 7 <= len(name) <= 40 and all(digit in "0123456789abcdef" for digit in name)


def _commits(text: str) -> list[Commit]:
    return [_commit(record.strip("\n").split("\0")) for record in text.split("\x1e") if record.strip()]


def _commit(fields: list[str]) -> Commit:
    sha, tree, parents, *people, message = fields
    author, committer = Person(*people[:3]), Person(*people[3:])
    return Commit(sha, tree, tuple(parents.split()), author, committer, message.strip("\n"))

"""A small real history in a bare repository."""

import os
import subprocess
from pathlib import Path

from attrs import frozen

_PERSON = {
    "GIT_AUTHOR_NAME": "Alice Example",
    "GIT_AUTHOR_EMAIL": "1+alice@users.noreply.github.com",
    "GIT_COMMITTER_NAME": "Carol Example",
    "GIT_COMMITTER_EMAIL": "carol@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}


@frozen
class History:
    """master: first → second → third; feature/one: first → aside; island: a root of its own."""

    origin: Path
    first: str
    second: str
    third: str
    aside: str
    island: str

    @staticmethod
    def made_in(directory: Path) -> "History":
        """The history, made in an empty directory."""
        origin = directory / "origin.git"
        git(directory, "init", "-q", "--bare", "-b", "master", str(origin))
        first = commit(origin, "Begin\n\nWith a body.")
        second = commit(origin, "Go on", [first])
        third = commit(origin, "Go further", [second])
        aside, island = commit(origin, "Step aside", [first]), commit(origin, "Stand alone")
        for branch, sha in (("master", third), ("feature/one", aside), ("island", island)):
            git(origin, "update-ref", f"refs/heads/{branch}", sha)
        return History(origin, first, second, third, aside, island)


def commit(origin: Path, message: str, parents: list[str] | None = None) -> str:
    """A new commit's sha; its tree holds the workflow file ci.yaml."""
    entry = f"100644 blob {git(origin, 'hash-object', '-w', '--stdin', stdin='on: push')}"
    for name in ("ci.yaml", "workflows", ".github"):
        tree = git(origin, "mktree", stdin=f"{entry}\t{name}\n")
        entry = f"040000 tree {tree}"
    links = [part for parent in parents or () for part in ("-p", parent)]
    return git(origin, "commit-tree", tree, *links, "-m", message)


def git(directory: Path, *arguments: str, stdin: str | None = None) -> str:
    """What git says, stripped."""
    dates = {
        "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+02:00",
        "GIT_COMMITTER_DATE": "2026-01-02T03:04:05+02:00",
    }
    told = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **_PERSON, **dates},
    )
    return told.stdout.strip()

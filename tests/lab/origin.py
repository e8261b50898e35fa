"""The bare git repository that stands for GitHub's: this checkout, as it is, in one commit on master."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.lab.commands import run
from tests.lab.layout import CHECKOUT, ORIGIN

_AUTHOR = {
    "GIT_AUTHOR_NAME": "Lab",
    "GIT_AUTHOR_EMAIL": "lab@promokit.test",
    "GIT_COMMITTER_NAME": "Lab",
    "GIT_COMMITTER_EMAIL": "lab@promokit.test",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}


def create() -> str:
    """Make it anew and return the commit: tracked and new files (not ignored ones), as they are on disk."""
    shutil.rmtree(ORIGIN, ignore_errors=True)
    _git("init", "--quiet", "--bare", "--initial-branch=master", str(ORIGIN))
    with tempfile.TemporaryDirectory(prefix="promokit-lab-") as tree:
        _copy_working_tree(Path(tree))
        return commit(Path(tree), "Start from the working tree")


def commit(tree: Path, message: str, branch: str = "master") -> str:
    """Commit a folder's whole content on a branch of the origin; the commit's id."""
    git = ("--git-dir", str(ORIGIN), "--work-tree", str(tree))
    _git(*git, "add", "--all", "--force", ".")
    _git(*git, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    _git(*git, "commit", "--quiet", "--allow-empty", "--message", message)
    commit_id = _git(*git, "rev-parse", "HEAD").strip()
    _git(*git, "symbolic-ref", "HEAD", "refs/heads/master")
    return commit_id


def _copy_working_tree(target: Path) -> None:
    listed = _git("-C", str(CHECKOUT), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        source, copy = CHECKOUT / name, target / name
        if source.is_symlink() or source.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy, follow_symlinks=False)


def _git(*argv: str) -> str:
    # The checkout may belong to another user than root, who runs the lab.
    return run("git", "-c", "safe.directory=*", *argv, environ=_AUTHOR)

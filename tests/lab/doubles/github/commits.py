"""Commits, branches and comparisons in GitHub's shapes."""

import re
from datetime import UTC, datetime
from typing import Any

from tests.lab.doubles.github.git import Commit, Git, Person
from tests.lab.doubles.github.names import HTML, REPOSITORY, node_id
from tests.lab.doubles.github.people import user

_NOREPLY = re.compile(r"(?:\d+\+)?(?P<login>[^@]+)@users\.noreply\.github\.com")


def commit(found: Commit, api: str) -> dict[str, Any]:
    """A commit; GitHub knows an author's account by the address, or not (null)."""
    url = f"{api}/repos/{REPOSITORY}/commits/{found.sha}"
    return {
        "sha": found.sha,
        "node_id": node_id("C", found.sha),
        "commit": {
            "author": _person(found.author),
            "committer": _person(found.committer),
            "message": found.message,
            "tree": {"sha": found.tree, "url": f"{api}/repos/{REPOSITORY}/git/trees/{found.tree}"},
            "url": f"{api}/repos/{REPOSITORY}/git/commits/{found.sha}",
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        },
        "url": url,
        "html_url": f"{HTML}/commit/{found.sha}",
        "comments_url": f"{url}/comments",
        "author": _account(found.author, api),
        "committer": _account(found.committer, api),
        "parents": [
            {
                "sha": sha,
                "url": f"{api}/repos/{REPOSITORY}/commits/{sha}",
                "html_url": f"{HTML}/commit/{sha}",
            }
            for sha in found.parents
        ],
    }


def branch(name: str, head: Commit, protected: bool, api: str) -> dict[str, Any]:
    """A branch with its head and whether rules protect it."""
    url = f"{api}/repos/{REPOSITORY}/branches/{name}"
    return {
        "name": name,
        "commit": commit(head, api),
        "_links": {"self": url, "html": f"{HTML}/tree/{name}"},
        "protected": protected,
        "protection": {"enabled": protected},
        "protection_url": f"{url}/protection",
    }


def compare(git: Git, base: str, head: str, page: slice, api: str) -> dict[str, Any] | None:
    """The comparison of two commits, with a page of the commits; None where they share no ancestor."""
    ancestor = git.merge_base(base, head)
    if ancestor is None:
        return None
    ahead, behind = git.between(base, head), git.between(head, base)
    url = f"{api}/repos/{REPOSITORY}/compare/{base}...{head}"
    html = f"{HTML}/compare/{base}...{head}"
    return {
        "url": url,
        "html_url": html,
        "permalink_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "base_commit": commit(git.commit(base), api),
        "merge_base_commit": commit(git.commit(ancestor), api),
        "status": _status(len(ahead), len(behind)),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [commit(found, api) for found in ahead[page]],
    }


def simple(found: Commit) -> dict[str, Any]:
    """The head_commit that a run carries."""
    return {
        "id": found.sha,
        "tree_id": found.tree,
        "message": found.message,
        "timestamp": _utc(found.committer.at),
        "author": {"name": found.author.name, "email": found.author.email},
        "committer": {"name": found.committer.name, "email": found.committer.email},
    }


def _status(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else "behind" if behind else "identical"


def _person(person: Person) -> dict[str, str]:
    return {"name": person.name, "email": person.email, "date": _utc(person.at)}


def _account(person: Person, api: str) -> dict[str, Any] | None:
    match = _NOREPLY.fullmatch(person.email)
    return user(match["login"], api) if match else None


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

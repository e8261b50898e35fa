"""What GitHub says, with only the fields that are used. What it doesn't tell is None, never a guess."""

from __future__ import annotations

import datetime

from attrs import frozen


@frozen
class Account:
    """Somebody who acts on GitHub. `kind` is `User`, `Bot` or whatever GitHub says next."""

    login: str
    kind: str
    id: int


@frozen
class Run:
    """A workflow run in its newest attempt. `status` and `conclusion` are free strings, as in the schema.

    `workflow_path` is the file, without the ref that GitHub may append; `created_at` is aware, in UTC.
    """

    id: int
    attempt: int
    number: int
    actor: Account
    triggering_actor: Account | None
    branch: str | None
    sha: str
    event: str
    workflow_path: str
    status: str
    conclusion: str | None
    url: str
    created_at: datetime.datetime


@frozen
class Review:
    """One review of a run's deployments: `approved`, `rejected`, `pending`. No time, no attempt is told."""

    state: str
    user: Account
    environments: tuple[str, ...]
    comment: str


@frozen
class EnvironmentSettings:
    """The protection of an environment. None is what the API doesn't tell.

    Without `protected_branches` and without `custom_branch_policies`, every branch may deploy.
    """

    name: str
    required_reviewers: bool
    reviewers: int
    prevent_self_review: bool | None
    admins_can_bypass: bool | None
    protected_branches: bool | None
    custom_branch_policies: bool | None


@frozen
class Commit:
    """A commit: its first line, its author's login (a name where there is no account). Foreign text."""

    sha: str
    title: str
    author: str


@frozen
class Comparison:
    """`head` from `base`: `identical`, `ahead`, `behind`, `diverged`. At most 250 commits, oldest first."""

    status: str
    ahead_by: int
    behind_by: int
    commits: tuple[Commit, ...]
    url: str

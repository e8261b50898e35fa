"""Who acts, and from where: a GitHub run, or a person at a terminal."""

from __future__ import annotations

import functools
import getpass
import os
import secrets
import socket
from collections.abc import Mapping

from attrs import frozen


@frozen
class Context:
    """The actor's name, the holder's name for leases, and the GitHub run if there is one.

    A run's attempt is one holder, whatever its processes; elsewhere each process is one of its own.
    """

    actor: str
    holder: str
    run_url: str = ""
    run_id: int | None = None
    attempt: int | None = None
    ref: str | None = None
    repository: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Context:
        """Read the context out of the environment variables of a GitHub run; else it is user@host."""
        run_id = environ.get("GITHUB_RUN_ID", "")
        if environ.get("GITHUB_ACTIONS") != "true" or not run_id.isdecimal():
            person = f"{_user(environ)}@{socket.gethostname()}"
            return cls(person, f"{person} (process {os.getpid()}, {_mark(os.getpid())})")
        repository = environ.get("GITHUB_REPOSITORY", "")
        attempt = environ.get("GITHUB_RUN_ATTEMPT", "1")
        url = f"{environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}/actions/runs/{run_id}"
        return cls(
            actor=environ.get("GITHUB_TRIGGERING_ACTOR") or environ.get("GITHUB_ACTOR", ""),
            holder=f"{url}/attempts/{attempt}",
            run_url=url,
            run_id=int(run_id),
            attempt=int(attempt) if attempt.isdecimal() else None,
            ref=environ.get("GITHUB_REF"),
            repository=repository,
        )


@functools.cache
def _mark(process: int) -> str:
    """Tell a process from others of its number: one that crashed before, or one in another container of this name."""
    del process
    return secrets.token_hex(3)


def _user(environ: Mapping[str, str]) -> str:
    try:
        return environ.get("USER") or getpass.getuser()
    except (OSError, KeyError):
        return "somebody"

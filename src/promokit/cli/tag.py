"""`promokit tag`: the two tags of a build, and whether its commit is built already."""

from __future__ import annotations

import os

import click

from promokit.cli.ending import Ending
from promokit.cli.options import config_option, ends, option
from promokit.config import load
from promokit.errors import ConfigError
from promokit.promotion.clients import Clients
from promokit.promotion.tagging import Tagging, tag_build


@click.command("tag")
@option("repository", help="The repository to look in; the configuration's repository of releases if not given.")
@option("revision", help="The commit, 40 hex digits; the run's if not given.")
@config_option
@ends
def command(repository: str | None, revision: str | None, config: str) -> Ending:
    """Compute this run's release tag and revision tag. If the commit is built already, add a release tag it lacks."""
    commit = revision or os.environ.get("GITHUB_SHA", "")
    if not commit:
        raise ConfigError(
            "no revision is named, and this is no GitHub run", remedy="add --revision: git rev-parse HEAD"
        )
    return _ending(tag_build(repository or load(config).image.repository, commit, clients=Clients()))


def _ending(done: Tagging) -> Ending:
    outputs = {
        "release-tag": str(done.release),
        "revision-tag": str(done.revision),
        "digest": str(done.digest or ""),
        "built": done.digest is not None,
        "changed": done.changed,
    }
    state = f"built already: {done.digest}" if done.digest else "not built yet"
    return Ending(outputs, f"{done.release} and {done.revision}: {state}", 0, outputs)

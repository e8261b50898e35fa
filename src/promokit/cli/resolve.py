"""`promokit resolve`: what runs here, proven from the pods, or what a tag means."""

from __future__ import annotations

import click

from promokit.cli.ending import Ending
from promokit.cli.options import (
    config_option,
    ends,
    environment_argument,
    option,
    plain_target,
    target_environment,
    without,
)
from promokit.promotion.resolution import Resolved, resolve, resolve_tag


@click.command("resolve")
@environment_argument
@option("tag", help="Say what this tag means instead of what runs.")
@option("require-healthy", is_flag=True, help="Refuse unless every workload is healthy.")
@plain_target
@config_option
@ends
def command(
    environment: str | None, tag: str | None, require_healthy: bool, config: str, **plain: str | None
) -> Ending:
    """Say which image ENVIRONMENT runs: digest, tag and commit, proven from its pods."""
    if tag:
        without("with --tag: a tag isn't healthy or not", require_healthy=require_healthy)
    where = target_environment(config, environment, **plain)
    found = resolve_tag(where, tag) if tag else resolve(where, require_healthy=require_healthy)
    return _ending(found)


def _ending(found: Resolved) -> Ending:
    outputs = {
        "digest": str(found.image.digest),
        "tag": found.image.tag,
        "revision": found.revision,
        "healthy": found.healthy,
        "running-since": found.since.isoformat() if found.since else "",
    }
    lines = [str(found.image)]
    lines += [f"  commit   {found.revision or 'unknown'}"]
    if found.healthy is not None:
        lines += [f"  healthy  {'yes' if found.healthy else 'no'}", f"  since    {found.since or 'unknown'}"]
    return Ending({**outputs, "image": str(found.image), "changed": False}, "\n".join(lines), 0, outputs)

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
@option("tag", help="Say what this tag means, instead of what runs; with the next two: what runs must have this tag.")
@option("require-healthy", is_flag=True, help="Refuse unless every workload runs the digest and is Ready.")
@option("at-rest", is_flag=True, help="Wait for a rollout under way, as long as the environment's timeout.")
@plain_target
@config_option
@ends
def command(
    environment: str | None, tag: str | None, require_healthy: bool, at_rest: bool, config: str, **plain: str | None
) -> Ending:
    """Say which image ENVIRONMENT runs: digest, tag and commit, proven from its pods."""
    where = target_environment(config, environment, **plain)
    if tag and not (require_healthy or at_rest):
        without("with --namespace: promokit.yaml says which repository it is of", tag=plain["namespace"] and tag)
        return _ending(resolve_tag(where, tag))
    return _ending(resolve(where, tag=tag, require_healthy=require_healthy, wait=at_rest))


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

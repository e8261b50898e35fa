"""`promokit rollout`: the rollout of a plan, or an ungated one of plain inputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from promokit.cli.ending import Ending
from promokit.cli.options import (
    config_option,
    confirm,
    ends,
    environment_argument,
    option,
    plain_target,
    target_environment,
    without,
    yes_option,
)
from promokit.cli.plan_shown import plan_ending
from promokit.cli.policy_options import WINDOWS, judged_by, policy_options
from promokit.cli.recording import recording_file, with_recording
from promokit.cli.result_shown import result_ending
from promokit.cli.views import following
from promokit.errors import ConfigError, Refused
from promokit.model import Environment
from promokit.promotion.apply import apply_rollout
from promokit.promotion.clients import Clients
from promokit.promotion.plan import Promise, decode, promise_of
from promokit.promotion.planning import plan as make_plan
from promokit.promotion.primitives import pinned, roll_out
from promokit.rollout.policy import Policy


@click.command("rollout")
@environment_argument
@option("plan", help="The plan to apply: the plan output of `promokit plan`.")
@option("tag", help="The image, for an environment without `from`.")
@option("image", help="With plain inputs: repository:tag@sha256:…, or repository:tag to be pinned.")
@option("record", help="The file of the flight recorder: what `promokit explain --timeline` replays.")
@policy_options
@plain_target
@yes_option
@config_option
@ends
def command(
    environment: str | None,
    plan: str | None,
    tag: str | None,
    image: str | None,
    record: str | None,
    yes: bool,
    config: str,
    **words: str | None,
) -> Ending:
    """Pin an image on every workload of ENVIRONMENT and follow it to a verdict."""
    windows = {name: words.pop(name) for name in WINDOWS}
    where, clients = target_environment(config, environment, **words), Clients()
    file = recording_file(record, where.name)
    if words["namespace"]:
        without("with --namespace: no gates are asked then", plan=plan, tag=tag)
        return with_recording(_ungated(where, image, windows, file, yes, clients), file)
    without("without --namespace: promokit.yaml says it", image=image, **windows)
    if plan is not None:
        without("with --plan, which says it", tag=tag)
        promise = decode(plan)
        confirm(f"{where.name}: {promise.decided.get('previous')} → {promise.decided.get('image')}", yes)
        return _applied(where, promise, file, clients)
    if where.source is not None:
        raise Refused(
            f"{where.name} takes only an applied plan or a rollback",
            remedy=f"promokit promote {where.name}, or pass --plan",
        )
    with following() as view:
        made = make_plan(where, tag=tag, migrate=False, clients=clients, progress=view)
    if not made.allowed:
        return plan_ending(made)
    confirm(str(made), yes)
    return _applied(where, promise_of(made), file, clients)


def _applied(where: Environment, promise: Promise, file: Path | None, clients: Clients) -> Ending:
    with following() as view:
        done = apply_rollout(where, promise, clients=clients, progress=view, record=file)
    return with_recording(result_ending("rollout", where.name, done), file)


def _ungated(
    where: Environment,
    image: str | None,
    windows: Mapping[str, str | None],
    file: Path | None,
    yes: bool,
    clients: Clients,
) -> Ending:
    if not image:
        raise ConfigError("plain inputs need an image", remedy="add --image repository:tag@sha256:…")
    reference, policy = pinned(image, clients), judged_by(Policy.of(where), windows)
    confirm(f"{where.namespace}: {', '.join(map(str, where.workloads))} → {reference}", yes)
    with following() as view:
        done = roll_out(where, reference, policy, clients=clients, progress=view, record=file)
    return result_ending("rollout", where.name, done)

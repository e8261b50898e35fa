"""`promokit notify`: one Slack message about one event."""

from __future__ import annotations

import os

import click

from promokit.cli.ending import Ending
from promokit.cli.options import config_option, ends, option
from promokit.cli.views import following
from promokit.config import load
from promokit.errors import ConfigError, PromokitError
from promokit.promotion.context import Context
from promokit.slack.message import Notice, message
from promokit.slack.post import post

_GOOD = {"succeeded", "success", "allowed", "skipped"}
_NOTHING_DONE = {"already-newer"}
_NOTHING_CHANGED = {"refused", "unknown", "error"}
_SAID_BY_JOBS = {"failure": "failed"}


@click.command("notify")
@option("event", required=True, type=click.Choice(["build", "deploy", "promotion", "rollback"]))
@option("environment", default="", help="The environment it is about.")
@option(
    "outcome",
    required=True,
    help="How it ended; of several steps' words, in their order, the first that isn't a success is told.",
)
@option("tag", default="", help="The image's tag.")
@option("digest", default="", help="The image's digest.")
@option("reason", default="", help="The reason word or sentence.")
@option("remedy", default="", help="What to do about it.")
@option("previous-tag", default="", help="What ran before.")
@option("ledger-head", default="", help="The ledger's head after it.")
@option("next-workflow", default="", help="The workflow's file that may follow, to link to.")
@option("channel", default="", help="Without promokit.yaml: the Slack channel.")
@option("fail-on-error", is_flag=True, help="Fail if Slack can't be reached; else that is only told.")
@config_option
@ends
def command(channel: str, fail_on_error: bool, config: str, next_workflow: str, **told: str) -> Ending:
    """Post one message to Slack, with the token in SLACK_BOT_TOKEN. A failing Slack fails nothing unless asked to."""
    context = Context.of(os.environ)
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    told["outcome"] = deciding(told["outcome"], told["reason"])
    follows = next_workflow if told["outcome"] == "succeeded" else ""
    url = f"{server}/{context.repository}/actions/workflows/{follows}" if follows else ""
    notice = Notice(
        **told,
        run_url=context.run_url,
        actor=context.actor,
        repository=context.repository,
        next_url=url,
        next_name=follows.rpartition(".")[0] or follows,
    )
    try:
        ts = post(channel or _channel(config), message(notice), os.environ)
    except PromokitError as error:
        if fail_on_error:
            raise
        with following() as view:
            view(f"warning: Slack wasn't told: {error}")
        return Ending({"ok": False, "error": str(error), "changed": False}, "", 0, {"ok": False, "ts": ""})
    return Ending({"ok": True, "ts": ts, "changed": True}, f"told Slack ({ts})", 0, {"ok": True, "ts": ts})


def deciding(words: str, reason: str) -> str:
    """Return the one word that tells how several steps and jobs ended, from the words of each in their order.

    The first that isn't a success decides; what was skipped only followed another's failure.
    """
    said = words.split()
    bad = next((number for number, each in enumerate(said) if each not in _GOOD), None)
    if bad is None:
        return reason if reason in _NOTHING_DONE else "succeeded"
    if said[bad] in _NOTHING_CHANGED and "succeeded" in said[:bad]:
        return "half-done"
    if reason == "superseded":
        return reason
    return _SAID_BY_JOBS.get(said[bad], said[bad])


def _channel(config: str) -> str:
    slack = load(config).notify.slack
    if slack is None:
        raise ConfigError("no Slack channel is configured", remedy="add notify.slack.channel to promokit.yaml")
    return slack.channel

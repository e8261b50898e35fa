"""`promokit check`: what could stand in a promotion's way later."""

from __future__ import annotations

import click
from attrs import asdict

from promokit.cli.ending import Ending
from promokit.cli.options import config_option, ends
from promokit.cli.tables import markdown_table, text_table
from promokit.config import load
from promokit.promotion.checking import check

_HEAD = ("subject", "answer", "why", "remedy")


@click.command("check")
@config_option
@ends
def command(config: str) -> Ending:
    """Warn of what could hinder a promotion later: images that may be deleted, nodes that they can't run on.

    A warning is exit 0. Exit 5 if a cluster or a registry can't be asked.
    """
    findings = check(load(config))
    rows = [(each.subject, each.word, each.sentence, each.remedy) for each in findings]
    unknown = any(each.word == "unknown" for each in findings)
    data = {"findings": [asdict(each) for each in findings], "changed": False}
    return Ending(data, text_table(_HEAD, rows), 5 if unknown else 0, summary=markdown_table(_HEAD, rows))

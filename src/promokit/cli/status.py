"""`promokit status`: what runs where."""

from __future__ import annotations

from typing import Any

import click

from promokit.cli.ending import Ending
from promokit.cli.options import config_option, ends
from promokit.cli.tables import markdown_table, text_table
from promokit.config import load
from promokit.errors import PromokitError
from promokit.ledger.record import tag_in
from promokit.model import Environment
from promokit.promotion.clients import Clients
from promokit.promotion.survey import Survey, survey

_HEAD = ("environment", "workload", "tag", "digest", "state", "last change")


@click.command("status")
@config_option
@ends
def command(config: str) -> Ending:
    """Show what every environment runs, whether it is healthy, its last change. Exit 5 if one can't be asked."""
    clients, unreachable = Clients(), False
    rows: list[tuple[str, ...]] = []
    data: dict[str, Any] = {}
    for environment in load(config).environments.values():
        try:
            found = survey(environment, clients)
        except PromokitError as error:
            unreachable = True
            rows.append((environment.name, "", "", "", f"unknown: {error.what}", ""))
            data[environment.name] = {"error": str(error)}
            continue
        rows += _rows(environment, found)
        data[environment.name] = _data(found)
    return Ending(
        {"environments": data, "changed": False},
        text_table(_HEAD, rows),
        5 if unreachable else 0,
        summary=markdown_table(_HEAD, rows),
    )


def _rows(environment: Environment, found: Survey) -> list[tuple[str, ...]]:
    last = found.book.lines[-1] if found.book.lines else {}
    change = " ".join(str(last.get(key, "")) for key in ("kind", "outcome", "at") if last.get(key))
    return [
        (
            environment.name if each == environment.reference else "",
            str(each),
            tag_in(proof.image),
            str(proof.digest or f"unproven: {proof.reason}")[:19],
            f"{found.verdicts[each].outcome}: {found.verdicts[each].reason}",
            change if each == environment.reference else "",
        )
        for each, proof in found.proofs.items()
    ]


def _data(found: Survey) -> dict[str, Any]:
    return {
        "workloads": {
            str(each): {
                "image": proof.image,
                "digest": str(proof.digest) if proof.digest else None,
                "proof": proof.reason,
                "outcome": str(found.verdicts[each].outcome),
                "reason": found.verdicts[each].reason,
            }
            for each, proof in found.proofs.items()
        },
        "migrated": found.migrated,
        "holds": found.book.holds,
        "head": found.book.head,
    }

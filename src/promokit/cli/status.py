"""`promokit status`: what runs where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from promokit.cli.ending import Ending
from promokit.cli.options import config_option, ends
from promokit.cli.tables import markdown_table, text_table
from promokit.config import load
from promokit.errors import PromokitError
from promokit.github.escape import markdown_escape
from promokit.image import tag_in
from promokit.ledger.record import in_order
from promokit.model import Environment, Workload
from promokit.promotion.clients import Clients
from promokit.promotion.explaining import verdicts_now
from promokit.promotion.survey import Survey, survey
from promokit.rollout.judgement import Verdict

_HEAD = ("environment", "workload", "tag", "digest", "state", "last change")


@click.command("status")
@config_option
@ends
def command(config: str) -> Ending:
    """Show what every environment runs, whether it is healthy, its last change. Exit 2 or 5 if one can't be asked."""
    clients = Clients()
    rows: list[tuple[str, ...]] = []
    errors: dict[str, PromokitError] = {}
    data: dict[str, Any] = {}
    for environment in load(config).environments.values():
        try:
            found = survey(environment, clients)
            verdicts = verdicts_now(found.look, clients)
        except PromokitError as error:
            errors[environment.name] = error
            rows.append((environment.name, "", "", "", "unknown: see below", ""))
            data[environment.name] = {"error": str(error)}
            continue
        rows += _rows(environment, found, verdicts)
        data[environment.name] = _data(found, verdicts)
    told = [f"{name}: {error}" for name, error in errors.items()]
    return Ending(
        {"environments": data, "changed": False},
        "\n".join([text_table(_HEAD, rows), *told]),
        min((each.exit_code for each in errors.values()), default=0),
        summary="\n\n".join([markdown_table(_HEAD, rows), *map(markdown_escape, told)]),
    )


def _rows(environment: Environment, found: Survey, verdicts: Mapping[Workload, Verdict]) -> list[tuple[str, ...]]:
    last = next(reversed(in_order(found.book.lines)), {})
    change = " ".join(str(last.get(key, "")) for key in ("kind", "outcome", "at") if last.get(key))
    return [
        (
            environment.name if each == environment.reference else "",
            str(each),
            tag_in(proof.image),
            str(proof.digest)[:19] if proof.digest else f"unproven: {proof.reason}",
            _state(verdicts[each]),
            change if each == environment.reference else "",
        )
        for each, proof in found.proofs.items()
    ]


def _state(verdict: Verdict) -> str:
    """Say how a workload stands; of one that isn't there, which object that is."""
    told = verdict.evidence[0].message if verdict.reason == "no-workload" else verdict.reason
    return f"{verdict.outcome}: {told}"


def _data(found: Survey, verdicts: Mapping[Workload, Verdict]) -> dict[str, Any]:
    return {
        "workloads": {
            str(each): {
                "image": proof.image,
                "digest": str(proof.digest) if proof.digest else None,
                "proof": proof.reason,
                "outcome": str(verdicts[each].outcome),
                "reason": verdicts[each].reason,
            }
            for each, proof in found.proofs.items()
        },
        "migrated": found.migrated,
        "holds": found.book.holds,
        "head": found.book.head,
    }

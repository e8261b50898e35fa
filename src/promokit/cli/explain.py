"""`promokit explain`: the verdict on a recording, a dump, or what stands, with the rules that made it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from attrs import asdict

from promokit.cli.ending import Ending
from promokit.cli.options import config_option, ends, pipeline_environment
from promokit.cli.policy_options import Basis, policy_options
from promokit.cli.tables import markdown_table, text_table
from promokit.errors import ConfigError
from promokit.promotion.explaining import Explanation, explain_dump, explain_live, explain_timeline
from promokit.rollout.judgement import Evidence
from promokit.rollout.policy import Answer, Policy
from promokit.rollout.replay import Noted
from promokit.rollout.standing import evidence_line
from promokit.rollout.timeline import read_timeline, recorded_policy

_HEAD = ("rule", "since", "due", "fired", "where", "what it saw")


@click.command("explain")
@click.argument("environment", required=False)
@click.option(
    "-f", "--file", "dump", help="A dump, or - for stdin: kubectl get deployments,replicasets,pods,events -o json."
)
@click.option("--timeline", help="A recording of `promokit rollout --record`, or - for stdin.")
@click.option("--now", help="With -f: when the dump was made, as 2026-11-24T18:00:00Z. The newest time in it, else.")
@click.option(
    "--image-exists",
    type=click.Choice(["yes", "no", "unknown"]),
    help="What the registry says of an image that a node can't find; unknown, unless the recording tells.",
)
@policy_options
@config_option
@ends
def command(
    environment: str | None,
    dump: str | None,
    timeline: str | None,
    now: str | None,
    image_exists: Answer | None,
    config: str,
    **windows: str | None,
) -> Ending:
    """Say why a rollout or Job stands as it does: ENVIRONMENT as it is now, a dump (-f) or a recording (--timeline)."""
    if sum(each is not None for each in (environment, dump, timeline)) != 1:
        raise ConfigError("explain needs one of ENVIRONMENT, -f and --timeline", remedy="name one of them")
    if now is not None and dump is None:
        raise ConfigError("--now says when a dump was made", remedy="leave it out, or add -f")
    given = {**windows, "image_exists": image_exists}
    if environment is not None:
        where = pipeline_environment(config, environment)
        basis = Basis.of("environment", Policy.of(where), given)
        return _ending(explain_live(where, basis.policy), basis)
    if timeline is not None:
        file = _file(timeline)
        lines = list(read_timeline(file))
        recorded = recorded_policy(lines)
        basis = Basis.of("recorded" if recorded else "default", recorded or Policy(), given)
        return _ending(explain_timeline(lines, basis.policy, file), basis)
    basis = Basis.of("default", Policy(), given)
    return _ending(explain_dump(_file(str(dump)), basis.policy, _time(now)), basis)


def _file(text: str) -> Path:
    return Path("/dev/stdin" if text == "-" else text)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise ConfigError(f"'{text}' is no time with its zone", remedy="write it as 2026-11-24T18:00:00Z")
    return time


def _ending(found: Explanation, basis: Basis) -> Ending:
    verdict, final = found.assessment.verdict, found.assessment.verdict.final
    workloads = [
        {
            "workload": str(each),
            "outcome": str(judgement.verdict.outcome),
            "reason": judgement.verdict.reason,
            "t": round(judgement.verdict.t, 3) if judgement.verdict.final else None,
            "remedy": judgement.verdict.remedy,
        }
        for each, judgement in found.assessment.judgements.items()
    ]
    data: dict[str, Any] = {
        "outcome": str(verdict.outcome),
        "reason": verdict.reason,
        "t": round(verdict.t, 3) if final else None,
        "remedy": verdict.remedy,
        "workloads": workloads,
        "evidence": [asdict(each) for each in verdict.evidence],
        "rules": [_rule(each) for each in found.noted],
        "policy": basis.to_json(),
        "as_of": found.as_of.isoformat() if found.as_of else None,
        "changed": False,
    }
    when = f" at {verdict.t:.2f}s" if final else f", seen until {found.t:.2f}s"
    head = f"{verdict.outcome}: {verdict.reason}{when}"
    lines = [head, str(basis)]
    lines += [f"As of {found.as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"] if found.as_of else []
    if len(workloads) > 1:
        lines += [f"  {each['workload']}: {each['outcome']}: {each['reason']}" for each in workloads]
    lines += [f"  {_evidence(each)}" for each in verdict.evidence]
    rows = [_row(each) for each in found.noted]
    lines += ["", text_table(_HEAD, rows)] if rows else []
    lines += [f"Remedy: {verdict.remedy}."] if verdict.remedy else []
    summary = f"### {head}\n\n{basis}\n\n" + (markdown_table(_HEAD, rows) if rows else "")
    return Ending(data, "\n".join(lines), verdict.exit_code, summary=summary)


def _evidence(evidence: Evidence) -> str:
    rests_on = f" [{evidence.rests_on}]" if evidence.rests_on else ""
    return f"{evidence.workload}: {evidence_line(evidence)}{rests_on}"


def _rule(noted: Noted) -> dict[str, Any]:
    sign = asdict(noted.sign)
    del sign["due"]
    times = {"since": noted.since, "due": noted.due, "fired": noted.fired}
    return {"workload": noted.workload, **sign, **{key: _rounded(value) for key, value in times.items()}}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _row(noted: Noted) -> tuple[str, ...]:
    sign = noted.sign
    times = (noted.since, noted.due, noted.fired)
    where = "/".join(filter(None, (sign.pod or noted.workload, sign.container)))
    what = evidence_line(Evidence("", exit_code=sign.exit_code, message=sign.message, count=sign.count))
    return (
        sign.reason,
        *("" if each is None else f"{each:.2f}s" for each in times),
        where,
        f"{what} [{sign.rests_on}]",
    )

"""Recordings of rollouts on the lab's real node, by case, and how each has to be judged.

Most are cut some seconds after their verdict: then the last lines repeat the workloads as they were last seen.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from attrs import evolve, frozen

from promokit.cli.policy_options import judged_by
from promokit.rollout.judgement import Evidence
from promokit.rollout.policy import Policy

FOLDER = Path(__file__).resolve().parent


@frozen
class Line:
    """One line of a recording: seconds since the change, ADDED, MODIFIED or DELETED, and the object as it then was."""

    t: float
    type: str
    object: Mapping[str, Any]


@frozen
class Expectation:
    """How a recording has to be judged with these flags.

    `justified` is the second at which the recording first justifies the verdict under the rules, found by reading the
    recording; None where it justifies none. `because` says which lines do.
    """

    timeline: str
    flags: str
    outcome: str
    reason: str
    justified: float | None
    because: str


def policy_of(flags: str) -> Policy:
    """The policy that a command line's flags make."""
    words = shlex.split(flags)
    pairs = zip(words[::2], words[1::2], strict=True)
    given = {name.removeprefix("--").replace("-", "_"): value for name, value in pairs}
    image_exists: Any = given.pop("image_exists", "unknown")
    return evolve(judged_by(Policy(), given), image_exists=image_exists)


def named(evidence: Evidence) -> str:
    """What a piece of evidence names, in the form of a case's `blames`."""
    workload = evidence.workload.split("/")[-2]
    return "/".join(part for part in (workload, evidence.pod and "pod", evidence.container) if part)


def lines(name: str) -> list[Line]:
    """The lines of a recording."""
    text = (FOLDER / f"{name}.jsonl").read_text()
    return [Line(**json.loads(line)) for line in text.splitlines()]


def workloads(name: str) -> list[str]:
    """What a recording's change changed: `kind/name/container`, or `job/name`."""
    found: list[str] = _expected()[name]["workloads"]
    return found


def expectations() -> list[Expectation]:
    """All that expected.yaml says."""
    return [Expectation(name, **each) for name, entry in _expected().items() for each in entry["verdicts"]]


def _expected() -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load((FOLDER / "expected.yaml").read_text())
    return said

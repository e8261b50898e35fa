"""Reads act's JSON log: what each job printed, summed up, put out and came to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import Factory, define, frozen

Progress = Callable[[str, str], None]
"""Called with the job's name ('' for act itself) and one line of its log."""


@define
class Job:
    """One job that ran. `result` is success or failure; `outputs` are the steps', by step id; `exit_codes`
    are those of its commands that weren't 0."""

    result: str = ""
    summary: str = ""
    outputs: dict[str, dict[str, str]] = Factory(dict)
    exit_codes: list[int] = Factory(list)


@frozen
class ActRun:
    """One finished run. Jobs are named as the workflow names them; those of a called one are `Caller/Job`.
    `duration` is in seconds."""

    exit_code: int
    log: str
    jobs: Mapping[str, Job]
    duration: float

    @property
    def summaries(self) -> dict[str, str]:
        """The jobs' summaries, where there are any."""
        return {name: job.summary for name, job in self.jobs.items() if job.summary}


class Log:
    """Takes the log line by line; `text` is all of it for a person, `jobs` what it said of each job."""

    def __init__(self, progress: Progress | None = None) -> None:
        self.jobs: dict[str, Job] = {}
        self._progress = progress or (lambda _job, _line: None)
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        """Every line, with its job's name before it."""
        return "".join(self._lines)

    def read(self, line: str) -> None:
        """Takes one line."""
        told = _parsed(line)
        name = job_name(str(told.get("job", "")))
        for text in str(told.get("msg", "")).rstrip("\n").splitlines() or [""]:
            self._lines.append(f"[{name}] {text}\n")
            self._progress(name, text)
        if name:
            _note(self.jobs.setdefault(name, Job()), told)


def job_name(told: str) -> str:
    """`build/Build` is the job Build, `TEST/deploy-test/Deploy` is TEST/Deploy: the workflow's name goes."""
    *callers, job = (part.strip() for part in told.split("/"))
    return "/".join([*callers[:-1], job])


def _parsed(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except json.JSONDecodeError:
        told = None
    return told if isinstance(told, dict) else {"msg": line}


def _note(job: Job, told: Mapping[str, Any]) -> None:
    """Keeps what a line says of its job. What an inner step says (two ids) its own step says again."""
    step = told.get("stepID") or []
    if len(step) == 1 and told.get("command") == "summary":
        job.summary += told["content"]
    if len(step) == 1 and told.get("command") == "set-output":
        job.outputs.setdefault(step[0], {})[told["name"]] = told["arg"]
    if len(step) == 1 and (code := re.fullmatch(r"exit status (\d+)", str(told.get("msg", "")).strip())):
        job.exit_codes.append(int(code[1]))
    job.result = told.get("jobResult", job.result)

"""Where the flight recorder of a rollout writes: the file that was named, or one of the job's temporary folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from attrs import evolve

from promokit.cli.ending import Ending


def recording_file(named: str | None, environment: str) -> Path | None:
    """Return the file to record to: in a GitHub job always one, elsewhere only if it was named."""
    if named:
        return Path(named)
    folder = os.environ.get("RUNNER_TEMP", "")
    if os.environ.get("GITHUB_ACTIONS") != "true" or not Path(folder).is_dir() or not folder:
        return None
    return Path(folder) / f"promokit-{environment}-{secrets.token_hex(4)}.jsonl"


def with_recording(ending: Ending, file: Path | None) -> Ending:
    """Tell where the recording is, if there is one."""
    if file is None or not file.exists():
        return ending
    return evolve(
        ending,
        data={**ending.data, "recording": str(file)},
        outputs={**ending.outputs, "recording": str(file)},
    )

"""What the API showed of a change: the lab's recording, counted from the change."""

from __future__ import annotations

from tests.bench.bounds import Seen
from tests.lab.recorder import Recording


def since_change(recording: Recording) -> tuple[float, Seen]:
    """When the change came, as the watches showed it: another generation, or a new Job; and all, seconds since then."""
    lines = list(recording.seen)
    generations: dict[str, int] = {}
    for at, _, thing in lines:
        meta = thing["metadata"]
        of = generations.setdefault(meta["uid"], meta.get("generation", 0))
        if thing["kind"] == "Job" or (thing["kind"] == "Deployment" and meta["generation"] != of):
            return at, [(each - at, it) for each, _, it in lines]
    raise RuntimeError(f"{recording.namespace}: nothing was changed")

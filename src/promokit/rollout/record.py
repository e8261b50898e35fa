"""The flight recorder: what the streams of a rollout showed, a JSON line a change; `promokit explain` replays it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from promokit.cluster.objects import Controller
from promokit.errors import ConfigError
from promokit.rollout.arrival import Arrival
from promokit.rollout.listing import Listing
from promokit.rollout.policy import Policy
from promokit.rollout.policy_record import policy_told
from promokit.rollout.redaction import redacted


class Recorder:
    """Writes each change of an object as `{"t": seconds since the change, "type": …, "object": …}`.

    The first line that tells of an object, and the last ones, also have the `policy` that the rollout is judged by.

    A file that can't be opened is a ConfigError before anything was changed; one that can't be written any more is
    told once by `warn`, and the rollout goes on.
    """

    def __init__(self, file: Path, policy: Policy, warn: Callable[[str], None] = lambda text: None) -> None:
        self._key = secrets.token_bytes(32)
        self._warn = warn
        self._policy: Policy | None = policy
        self._listing: Listing[tuple[str, str]] = Listing()
        self._last: dict[str, dict[str, Any]] = {}
        try:
            self._out = file.open("w", encoding="utf-8", buffering=1)
        except OSError as error:
            raise ConfigError(f"the recording can't be written: {error}", remedy="name another file") from error
        self._broken = False

    def take(self, arrival: Arrival, t: float) -> None:
        """Write down what arrived at second `t`. A list anew also tells what is gone."""
        if arrival.type == "LISTING":
            self._listing.begin(arrival.resource)
        elif arrival.type == "LISTED":
            for uid, (kind, name) in self._listing.end(arrival.resource).items():
                self._last.pop(uid, None)
                self._write(t, "DELETED", {"kind": kind, "metadata": {"name": name, "uid": uid}})
        elif arrival.raw is not None:
            kept = redacted(arrival.raw, self._key)
            self._note(arrival, kept)
            self._write(t, arrival.type, kept)

    def end(self, t: float, policy: Policy) -> None:
        """Write down at which second it ended: the workloads as they were last seen, and what `policy` had become."""
        self._policy = policy
        for kept in self._last.values():
            self._write(t + 0.001, "MODIFIED", kept)  # seconds are written in thousandths: not before the end

    def close(self) -> None:
        """Close the file."""
        try:
            self._out.close()
        except OSError as error:
            self._give_up(error)

    def _note(self, arrival: Arrival, kept: dict[str, Any]) -> None:
        uid = kept["metadata"]["uid"]
        if arrival.type == "DELETED":
            self._listing.drop(arrival.resource, uid)
            self._last.pop(uid, None)
            return
        if isinstance(arrival.seen, Controller):
            self._last[uid] = kept
        if arrival.resource != "events":
            self._listing.show(arrival.resource, uid, (kept["kind"], kept["metadata"]["name"]))

    def _write(self, t: float, kind: str, data: dict[str, Any]) -> None:
        if self._broken:
            return
        line = {"t": round(t, 3), "type": kind, "object": data}
        if self._policy is not None and kind != "DELETED":
            line["policy"], self._policy = policy_told(self._policy), None
        try:
            self._out.write(json.dumps(line, separators=(",", ":")) + "\n")
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        if not self._broken:
            self._broken = True
            self._warn(f"the recording can't be written any more: {error.strerror or error}")

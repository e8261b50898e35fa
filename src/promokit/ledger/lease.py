"""The one lock of an environment: a Lease. Whether its holder is alive is measured by the observer's own clock, as
client-go's leader election does, so that clocks that differ do no harm."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from promokit.cluster.namespace import Namespace
from promokit.cluster.transport import Conflict
from promokit.errors import PromokitError, Refused, Superseded

NAME = "promokit"
EPOCH = "promokit/epoch"
DURATION_SECONDS = 45
RENEW_EVERY_SECONDS = 10.0
_LOOK_EVERY_SECONDS = 1.0
_TELL_EVERY_SECONDS = 30.0


class Lease:
    """A lease that is held: `epoch` is higher than any before. It renews itself until it is let go.

    `lost()` says `superseded` once somebody else holds it.
    """

    def __init__(self, namespace: Namespace, holder: str, epoch: int) -> None:
        self.namespace, self.holder, self.epoch = namespace, holder, epoch
        self._lost = False
        self._done = threading.Event()
        self._renewing = threading.Thread(target=self._renew, name="lease", daemon=True)
        self._renewing.start()

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def lost(self) -> str | None:
        """Return `superseded` once the lease is somebody else's."""
        return "superseded" if self._lost else None

    def confirm(self) -> None:
        """Ask the API whether the lease is still ours; Superseded if somebody else has taken it."""
        data = self.namespace.get("leases", NAME)
        if not self._is_ours(data):
            self._lost = True
            raise Superseded("superseded: another operation took the lease", remedy="see history, then start again")

    def stop(self) -> None:
        """Stop renewing, without letting go: the next step of the same run takes it up again."""
        self._done.set()
        self._renewing.join(timeout=5)

    def release(self) -> None:
        """Let go, so that the next one needn't wait. What can't be released runs out within a minute."""
        self.stop()
        try:
            data = self.namespace.get("leases", NAME)
            if data and data["spec"].get("holderIdentity") == self.holder:
                data["spec"]["holderIdentity"] = ""
                self.namespace.replace("leases", NAME, data)
        except PromokitError:
            return

    def _is_ours(self, data: dict[str, Any] | None) -> bool:
        return data is not None and data["spec"].get("holderIdentity") == self.holder and _epoch(data) == self.epoch

    def _renew(self) -> None:
        while not self._done.wait(RENEW_EVERY_SECONDS):
            try:
                data = self.namespace.get("leases", NAME)
                if data is None or not self._is_ours(data):
                    self._lost = True
                    return
                data["spec"]["renewTime"] = _now()
                self.namespace.replace("leases", NAME, data)
            except PromokitError:
                continue  # the epoch on the workloads guards each change; the next renewal may get through


def take(
    namespace: Namespace,
    holder: str,
    *,
    above: int = 0,
    wait: float = 600.0,
    at_once: bool = False,
    progress: Callable[[str], None] = lambda text: None,
) -> Lease:
    """Take the lease, with an epoch higher than its last one and than `above`. The same holder takes it up again.

    Another's lease is waited for up to `wait` seconds, then Refused with its holder's name; a holder that hasn't
    renewed for the lease's duration, as we see it, is gone. `at_once` takes it from whoever has it: a rollback does.
    """
    deadline = time.monotonic() + wait
    seen: tuple[tuple[str, str], float] | None = None
    told, told_at = "", 0.0
    while True:
        data = namespace.get("leases", NAME)
        current = str(data["spec"].get("holderIdentity") or "") if data else ""
        sign = (current, str(data["spec"].get("renewTime"))) if data else ("", "")
        if seen is None or seen[0] != sign:
            seen = (sign, time.monotonic())
        gone = time.monotonic() - seen[1] > DURATION_SECONDS
        if current in {"", holder} or at_once or gone:
            try:
                return _taken(namespace, holder, data, above)
            except Conflict:
                continue  # somebody else was faster: look again
        if time.monotonic() >= deadline:
            raise Refused(
                f"lease: another operation is under way: {current}",
                where=f"Lease {NAME} in {namespace.name}",
                remedy="wait until it has ended; a rollback may take it over at once",
            )
        if told != current or time.monotonic() - told_at >= _TELL_EVERY_SECONDS:
            told, told_at = current, time.monotonic()
            progress(f"waiting for {current}")
        time.sleep(_LOOK_EVERY_SECONDS)


def _taken(namespace: Namespace, holder: str, data: dict[str, Any] | None, above: int) -> Lease:
    again = data is not None and data["spec"].get("holderIdentity") == holder
    before = _epoch(data)
    epoch = before if again and before > 0 and before >= above else max(before, above) + 1
    spec = {**(data["spec"] if data else {}), "holderIdentity": holder, "leaseDurationSeconds": DURATION_SECONDS}
    spec["renewTime"] = _now()
    if not again:
        spec["acquireTime"] = spec["renewTime"]
        spec["leaseTransitions"] = int(spec.get("leaseTransitions") or 0) + 1
    meta: dict[str, Any] = {"name": NAME, "namespace": namespace.name, **(data["metadata"] if data else {})}
    meta["annotations"] = {**meta.get("annotations", {}), EPOCH: str(epoch)}
    body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec}
    if data:
        namespace.replace("leases", NAME, body)
    else:
        namespace.create("leases", body)
    return Lease(namespace, holder, epoch)


def _epoch(data: dict[str, Any] | None) -> int:
    text = data["metadata"].get("annotations", {}).get(EPOCH, "0") if data else "0"
    return int(text) if text.isdecimal() else 0


def _now() -> str:
    """MicroTime, as a Lease wants it (k8s.io/apimachinery meta/v1)."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

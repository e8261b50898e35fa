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
from promokit.cluster.patience import patiently
from promokit.cluster.transport import Conflict
from promokit.errors import PromokitError, Refused, Superseded
from promokit.ledger.lease_object import NAME, Seen, seen, taken_by
from promokit.ledger.lease_watch import Unrenewed

DURATION_SECONDS = 45
RENEW_EVERY_SECONDS = 10.0
_RENEW_AGAIN_SECONDS = 2.0
_ANSWER_SECONDS = 5.0
_LOOK_EVERY_SECONDS = 1.0
_TELL_EVERY_SECONDS = 30.0
_PATIENCE_SECONDS = 60.0
_RELEASE_SECONDS = 1.0
_RELEASE_TRIES = 3


class Lease:
    """A lease that is held: `epoch` is higher than any before. It renews itself until it is let go.

    `lost()` says `superseded` once somebody else holds it. `taken_from` is the holder that it was taken from while that
    one may have been at work; else empty.
    """

    def __init__(self, namespace: Namespace, holder: str, epoch: int, taken_from: str = "") -> None:
        self.namespace, self.holder, self.epoch, self.taken_from = namespace, holder, epoch, taken_from
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
        if not self._is_ours(seen(self.namespace.get("leases", NAME))):
            self._lost = True
            raise Superseded("superseded: another operation took the lease", remedy="see history, then start again")

    def stop(self) -> None:
        """Stop renewing, without letting go: the next step of the same run takes it up again."""
        self._done.set()
        self._renewing.join(timeout=0.3)

    def release(self) -> None:
        """Let go, so that the next one needn't wait. What can't be released runs out within a minute."""
        self.stop()
        let_go(self.namespace, self.holder)

    def _is_ours(self, found: Seen) -> bool:
        return found.holder == self.holder and found.epoch == self.epoch

    def _renew(self) -> None:
        """Renew at its times; what fails is tried again soon, in time before it runs out."""
        pause = RENEW_EVERY_SECONDS
        while not self._done.wait(pause) and not self._lost:
            try:
                self._renewed()
                pause = RENEW_EVERY_SECONDS
            except PromokitError:
                pause = min(RENEW_EVERY_SECONDS, _RENEW_AGAIN_SECONDS)

    def _renewed(self) -> None:
        """Write that we are alive, if it is ours. A dead connection isn't waited for until the lease has run out."""
        namespace = self.namespace.within(_ANSWER_SECONDS)
        found = seen(namespace.get("leases", NAME))
        if not self._is_ours(found):
            self._lost = True
            return
        namespace.replace("leases", NAME, found.renewed(_now()))


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
    An API server in trouble is waited for, for a minute.
    """
    deadline = time.monotonic() + wait
    unrenewed, told = Unrenewed(), _Told(progress)

    def look() -> Lease | Seen:
        found = seen(namespace.get("leases", NAME))
        gone = unrenewed.seconds(found.sign, time.monotonic()) > DURATION_SECONDS
        free = found.holder in {"", holder} or gone
        if free or at_once:
            return _taken(namespace, holder, found, above, "" if free else found.holder)
        return found

    while True:
        try:
            found = patiently(look, time.monotonic() + _PATIENCE_SECONDS)
        except Conflict:
            continue  # somebody else was faster: look again
        if isinstance(found, Lease):
            return found
        if time.monotonic() >= deadline:
            raise Refused(
                f"lease: another operation is under way: {found.holder}",
                reason="lease",
                where=f"Lease {NAME} in {namespace.name}",
                remedy="wait until it has ended; a rollback may take it over at once",
            )
        told.waiting_for(found.holder)
        time.sleep(_LOOK_EVERY_SECONDS)


def let_go(namespace: Namespace, holder: str) -> None:
    """Write that nobody holds the lease, if it is this holder's. One that can't be written runs out by itself."""
    hurried = namespace.within(_RELEASE_SECONDS)
    for _ in range(_RELEASE_TRIES):
        try:
            found = seen(hurried.get("leases", NAME))
            if found.holder == holder:
                hurried.replace("leases", NAME, found.released())
            return
        except Conflict:
            continue  # our own last renewal came in between
        except PromokitError:
            return


class _Told:
    """Tells who is waited for: at once, and again from time to time."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress, self._whom, self._at = progress, "", 0.0

    def waiting_for(self, holder: str) -> None:
        now = time.monotonic()
        if self._whom != holder or now - self._at >= _TELL_EVERY_SECONDS:
            self._whom, self._at = holder, now
            self._progress(f"waiting for {holder}")


def _taken(namespace: Namespace, holder: str, found: Seen, above: int, taken_from: str) -> Lease:
    again = found.holder == holder
    epoch = found.epoch if again and found.epoch > 0 and found.epoch >= above else max(found.epoch, above) + 1
    body = taken_by(holder, found, epoch, namespace.name, _now(), DURATION_SECONDS)
    try:
        _write(namespace, found, body)
    except PromokitError:
        raise
    except BaseException:  # a signal: it may be ours already
        let_go(namespace, holder)
        raise
    return Lease(namespace, holder, epoch, taken_from)


def _write(namespace: Namespace, found: Seen, body: dict[str, Any]) -> None:
    if found.data is None:
        namespace.create("leases", body)
    else:
        namespace.replace("leases", NAME, body)


def _now() -> str:
    """MicroTime, as a Lease wants it (k8s.io/apimachinery meta/v1)."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

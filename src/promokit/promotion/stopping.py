"""What becomes of an operation that something stops: an error, a refusal, a signal. It is closed with what is true."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from promokit.cluster.namespace import Namespace
from promokit.errors import PromokitError, Superseded
from promokit.model import Environment
from promokit.promotion.aftermath import Aftermath, aftermath
from promokit.promotion.result import Result

if TYPE_CHECKING:
    from promokit.promotion.operation import Operation

_UNDER_WAY_SECONDS = 0.1
_LOOK_SECONDS = 1.0
_CLOSE_SECONDS = 4.0


@contextmanager
def closing(operation: Operation) -> Iterator[None]:
    """Close the operation with what stopped it, should anything stop it: a signal, an error, a refusal."""
    try:
        yield
    except PromokitError as error:
        reason = "superseded" if isinstance(error, Superseded) else "error"
        _close_quietly(operation, Result("inconclusive", reason), {"why": error.what}, error)
        raise
    except Exception as error:
        why = f"a bug in promokit: {type(error).__name__}"  # its text may be anything, a secret too
        _close_quietly(operation, Result("inconclusive", "error"), {"why": why}, error)
        raise
    except BaseException as stopped:
        cancel(operation, stopped)
        raise


def cancel(operation: Operation, stopped: BaseException) -> None:
    """Close an operation that a signal stops with what is true of the cluster, and note that on the exception.

    One whose result is known already is closed with that. Whoever sent the signal kills us soon (GitHub: after 10 s),
    so a server that doesn't answer isn't waited for: whoever comes next closes what stays open.
    """
    after = _noted(stopped, operation.namespace, operation.environment, operation.image)
    changed = after.changed(operation.previous)
    stopped.changed = changed  # type: ignore[attr-defined]
    operation.namespace = operation.namespace.within(_CLOSE_SECONDS)
    signal = getattr(stopped, "signal", "a signal")
    result = Result("inconclusive", "cancelled", changed=changed)
    facts = {"why": f"stopped by {signal}", "workloads": after.workloads, "jobs": after.jobs}
    known, with_facts = operation.ending or (result, facts)
    if not _close_quietly(operation, known, with_facts, stopped):
        stopped.add_note("the ledger doesn't say so: whoever comes next closes the operation as interrupted")


@contextmanager
def telling(
    namespace: Namespace, environment: Environment, image: str, begun: Callable[[], Mapping[str, str] | None]
) -> Iterator[None]:
    """Note on a signal what is true of the cluster, where no ledger tells it.

    `begun` returns the images that were there before the change; None while it hasn't begun.
    """
    try:
        yield
    except Exception:
        raise
    except BaseException as stopped:
        previous = begun()
        if previous is not None:
            stopped.changed = _noted(stopped, namespace, environment, image).changed(previous)  # type: ignore[attr-defined]
        raise


def _noted(stopped: BaseException, namespace: Namespace, environment: Environment, image: str) -> Aftermath:
    """Look at what is true of the cluster and note that on the exception."""
    time.sleep(_UNDER_WAY_SECONDS)  # a change whose answer we don't wait for any more may just be made
    after = aftermath(namespace.within(_LOOK_SECONDS), environment, image)
    if told := after.told():
        stopped.add_note(told)
    return after


def _close_quietly(operation: Operation, result: Result, facts: Mapping[str, Any], stopped_by: BaseException) -> bool:
    """Return whether it is closed, or its lines are told by what stopped us: that is what the user must hear of."""
    try:
        operation.close(result, **facts)
    except PromokitError:
        if not operation.unrecorded and not operation.ending:
            return False
        stopped_by.unwritten = operation.lines  # type: ignore[attr-defined]
        return True
    with suppress(PromokitError):  # the next operation mends the list
        operation.publish()
    operation.announce(lambda text: None)
    return True

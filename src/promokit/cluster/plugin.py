"""A kubeconfig's plugin that gives no credentials: the kubernetes client logs why and goes on without; we raise it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from promokit.errors import Unreachable

_WHERE = "kube_config"
"""The client's module that runs plugins. Its only errors in a log are theirs."""


@contextmanager
def told_of_plugins() -> Iterator[None]:
    """Raise Unreachable with what the client would have logged meanwhile, in this thread, of a plugin that failed."""
    heard, root = _Heard(), logging.getLogger()
    root.addHandler(heard)
    try:
        yield
    finally:
        root.removeHandler(heard)
    if heard.said:
        raise Unreachable(
            f"the kubeconfig's plugin gave no credentials: {heard.said[0]}",
            remedy="sign in, or mend the plugin: kubectl runs the same; then run this again",
        )


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.module == _WHERE and record.thread == self._thread:
            self.said.append(record.getMessage())

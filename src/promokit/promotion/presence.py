"""Whether an image that would run again is still in its registry."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from promokit.errors import PromokitError, Refused
from promokit.image import ImageRef
from promokit.promotion.clients import Clients

LONGEST_SECONDS = 0.5
"""A registry that says nothing is waited for so long: going back is urgent."""
LONGEST_LOADING_SECONDS = 1.0
"""So long for the registry's client, which may have to ask for credentials, once there is something to ask."""


def is_gone(clients: Clients, image: str) -> bool:
    """Say whether the registry has lost an image: by its digest, or by its tag where it isn't pinned.

    Errors: Unreachable or ConfigError when the registry can't be asked.
    """
    reference = ImageRef.parse(image)
    registry = clients.registry(reference.name)
    if reference.digest is not None:
        try:
            return registry.manifest(reference.name, reference.digest) is None
        except Refused:  # it is there, but nothing in it can run
            return True
    return reference.tag is not None and registry.digest_of(reference.name, reference.tag) is None


class Inquiry:
    """A question to the registry that nobody waits for long: which of some images it has lost.

    It is asked by clients of its own, in threads of its own. The client of `repository` is loaded from when this is
    made on: that takes longer than the answer.
    """

    def __init__(self, clients: Clients, repository: str = "") -> None:
        self._clients = Clients(clients.environ)
        self._gone = ""
        self._trouble = ""
        self._asked, self._answered = threading.Event(), threading.Event()
        self._load_until = self._until = 0.0
        self._loading = _started(lambda: self._load(repository))

    def ask(self, images: Iterable[str]) -> None:
        """Ask about these images."""
        wanted = tuple(dict.fromkeys(images))
        self._load_until = self._until = time.monotonic() + LONGEST_LOADING_SECONDS
        _started(lambda: self._ask(wanted))

    @property
    def gone(self) -> str:
        """The first image that the registry says it hasn't got; empty text where it has all, or hasn't said in time."""
        self._in_time()
        return self._gone

    @property
    def trouble(self) -> str:
        """Why that can't be told, where it can't."""
        return self._trouble if self._in_time() else f"no answer in {LONGEST_SECONDS:g} s"

    def _in_time(self) -> bool:
        self._asked.wait(max(self._load_until - time.monotonic(), 0.0))
        return self._answered.wait(max(self._until - time.monotonic(), 0.0))

    def _load(self, repository: str) -> None:
        with suppress(Exception):  # it is told when something is asked
            if repository:
                self._clients.registry(repository).load()

    def _ask(self, images: Sequence[str]) -> None:
        try:
            self._loading.join()
            for each in images:
                self._clients.registry(ImageRef.parse(each).name).load()
            self._until = time.monotonic() + LONGEST_SECONDS
            self._asked.set()
            self._gone = next((each for each in images if is_gone(self._clients, each)), "")
        except PromokitError as error:
            self._trouble = error.what
        except Exception as error:  # noqa: BLE001 - whatever it is, it mustn't stop a rollback
            self._trouble = f"{type(error).__name__}: {error}"
        self._answered.set()
        self._asked.set()


def _started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name="image-gone", daemon=True)
    thread.start()
    return thread

"""Whether an image that would run again is still in its registry."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from promokit.errors import PromokitError, Refused
from promokit.image import ImageRef
from promokit.promotion.clients import Clients

LONGEST_SECONDS = 1.0
"""A registry that says nothing is waited for so long: going back is urgent."""
LONGEST_LOADING_SECONDS = 2.0
"""So long for the registry's client, which may have to ask for credentials."""


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

    It is asked in a thread of its own, by clients of its own, from when it is made on.
    """

    def __init__(self, clients: Clients, images: Iterable[str]) -> None:
        self._images = tuple(dict.fromkeys(images))
        self._clients = Clients(clients.environ)
        self._gone = ""
        self._trouble = ""
        self._asked, self._answered = threading.Event(), threading.Event()
        self._load_until = self._until = time.monotonic() + LONGEST_LOADING_SECONDS
        threading.Thread(target=self._ask, name="image-gone", daemon=True).start()

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

    def _ask(self) -> None:
        try:
            for each in self._images:
                self._clients.registry(ImageRef.parse(each).name).load()
            self._until = time.monotonic() + LONGEST_SECONDS
            self._asked.set()
            self._gone = next((each for each in self._images if is_gone(self._clients, each)), "")
        except PromokitError as error:
            self._trouble = error.what
        except Exception as error:  # noqa: BLE001 - whatever it is, it mustn't stop a rollback
            self._trouble = f"{type(error).__name__}: {error}"
        self._answered.set()
        self._asked.set()

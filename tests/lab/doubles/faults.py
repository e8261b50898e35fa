"""Faults that a test asks for: the next N calls that match fail as told."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

Fault = Mapping[str, Any]


class Faults:
    """The faults that wait for a matching call, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[dict[str, Any]] = []

    def add(self, fault: Fault) -> None:
        """Adds one; `times` (default 1) says for how many calls."""
        if not isinstance(fault, dict) or int(fault.get("times", 1)) < 1:
            raise ValueError("a fault is an object, its times at least 1")
        with self._lock:
            self._waiting.append({"times": 1, **fault})

    def take(self, matches: Callable[[Fault], bool]) -> Fault | None:
        """The oldest fault that matches, counted down; None where there is none."""
        with self._lock:
            for fault in self._waiting:
                if matches(fault):
                    fault["times"] -= 1
                    if not fault["times"]:
                        self._waiting.remove(fault)
                    return dict(fault)
        return None

    def clear(self) -> None:
        """Forgets them all."""
        with self._lock:
            self._waiting.clear()

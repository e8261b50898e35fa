"""The live view on a terminal: a line a workload, drawn again in place; lines of text scroll above it.

Nothing of the terminal's modes is changed, so whatever ends the process leaves it as it was.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TextIO

from promokit.cli.cells import cells
from promokit.cli.frame import ASCII, UNICODE, Line, frame
from promokit.github.escape import plain
from promokit.rollout.standing import Standing, ended

DRAW_EVERY_SECONDS = 0.1
_COLOURS = {"succeeded": "\x1b[32m", "failed": "\x1b[31m", "timed_out": "\x1b[31m", "inconclusive": "\x1b[33m"}
_RESET, _TO_LINE_END, _TO_SCREEN_END = "\x1b[0m", "\x1b[K", "\x1b[J"

Looks = tuple[float, Sequence[Standing]]


class LiveView:
    """Shows standings in place; called, it prints a line above them. Safe to call from several threads.

    The engine shows at least once a second, so the time runs on without a thread of its own.
    """

    def __init__(
        self,
        terminal: TextIO,
        *,
        colour: bool = True,
        size: Callable[[], os.terminal_size] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._terminal, self._colour, self._clock = terminal, colour, clock
        self._size = size or (lambda: os.get_terminal_size(terminal.fileno()))
        self._glyphs = UNICODE if "utf" in (terminal.encoding or "").lower() else ASCII
        self._lock = threading.RLock()
        self._seen: Looks | None = None
        self._drawn: Sequence[Line] = ()
        self._drawn_at = float("-inf")

    def __call__(self, text: str, /) -> None:
        """Print a line of progress above the picture. A picture that has ended stays where it is."""
        with self._lock:
            if self._seen and ended(self._seen[1]):
                self.close()
            self._write(self._up() + _clean(plain(text)) + _TO_LINE_END + "\n", self._picture())

    def show(self, now: float, standings: Sequence[Standing]) -> None:
        """Take how the workloads stand; drawn at most ten times a second. A second rollout gets a new picture."""
        with self._lock:
            if self._seen and now < self._seen[0]:
                self.close()
            self._seen = (now, standings)
            if self._clock() - self._drawn_at >= DRAW_EVERY_SECONDS:
                self._write(self._up(), self._picture())

    def close(self) -> None:
        """Draw what was seen last and leave it standing; what is printed then comes below it."""
        with self._lock:
            if self._seen:
                self._write(self._up(), self._picture())
            self._seen, self._drawn, self._drawn_at = None, (), float("-inf")

    def _picture(self) -> Sequence[Line]:
        """Leave two rows free: one for the cursor, one for what was there."""
        if self._seen is None:
            return ()
        columns, rows = self._measured()
        return frame(*self._seen, columns, rows - 2, self._glyphs)

    def _up(self) -> str:
        """Go to the first row of what is drawn: a terminal that became narrower has wrapped its lines since."""
        columns, rows = self._measured()
        taken = sum(max(-(-cells(each.text) // columns), 1) for each in self._drawn)
        return "\r" + (f"\x1b[{min(taken, rows - 1)}A" if taken else "")

    def _write(self, before: str, lines: Sequence[Line]) -> None:
        """Write it in one piece, each line over the old one. A terminal that has gone away stops nothing."""
        drawn = "".join(f"{self._coloured(each)}{_TO_LINE_END}\n" for each in lines)
        self._drawn, self._drawn_at = lines, self._clock() if lines else float("-inf")
        with suppress(OSError, ValueError):
            self._terminal.write(f"{_RESET if self._colour else ''}{before}{drawn}{_TO_SCREEN_END}")
            self._terminal.flush()

    def _coloured(self, line: Line) -> str:
        colour = _COLOURS.get(line.outcome, "") if self._colour else ""
        return f"{colour}{line.text}{_RESET}" if colour else line.text

    def _measured(self) -> tuple[int, int]:
        """Return columns and rows; a terminal that doesn't know its size says 0."""
        try:
            columns, rows = self._size()
        except OSError:
            columns, rows = 0, 0
        return columns or 80, rows or 24


def _clean(text: str) -> str:
    """Erase what was drawn where each line of a text begins."""
    return text.replace("\n", f"{_TO_LINE_END}\n")

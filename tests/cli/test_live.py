import fcntl
import os
import re
import struct
import termios
import threading
from contextlib import suppress
from typing import TextIO

import pytest

from promokit.cli.live import LiveView
from tests.cli.screen import Screen
from tests.cli.standing import HOSTILE, failed, standing, succeeded


class Terminal:
    """A pseudo-terminal of the kernel's: `stream` is what a program has, `written` what came out of it."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._ours, theirs = os.openpty()
        self.stream: TextIO = os.fdopen(theirs, "w", encoding="utf-8")
        self.resize(columns, rows)
        self._chunks: list[bytes] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.stream.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def written(self) -> str:
        """Everything, once the program's end is closed."""
        self.stream.close()
        self._thread.join(10)
        os.close(self._ours)
        return b"".join(self._chunks).decode()

    def _read(self) -> None:
        with suppress(OSError):  # the kernel's word for an end
            while chunk := os.read(self._ours, 65536):
                self._chunks.append(chunk)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_it_draws_over_what_it_drew(clock: Clock) -> None:
    """One line a workload stays on the screen, however often it is drawn."""
    terminal = Terminal()
    view = LiveView(terminal.stream, clock=clock)
    for second in range(20):
        clock.now = second
        view.show(second, [standing(), standing("worker", updated=min(second, 3))])
    view.show(20, [succeeded(), succeeded("worker")])
    view.close()
    lines = Screen().feed(terminal.written).text
    assert len([each for each in lines if each]) == 2
    assert all("succeeded: complete" in each for each in lines if each)


def test_lines_scroll_above_it(clock: Clock) -> None:
    """A migration's log, or who is waited for, stays readable; the picture is below."""
    terminal = Terminal()
    view = LiveView(terminal.stream, clock=clock)
    view("waiting for bob")
    view.show(1, [standing()])
    view("warning: the recording is full\nand ends here")
    view.show(2, [standing()])
    lines = Screen().feed(terminal.written).shown
    assert lines[:3] == ["waiting for bob", "warning: the recording is full", "and ends here"]
    assert lines[3].strip().startswith("main-app/web")
    assert len(lines) == 4


def test_more_workloads_than_rows_never_scroll(clock: Clock) -> None:
    """200 of them on a terminal of ten rows leave no trail in what scrolled off."""
    terminal = Terminal(60, 10)
    view = LiveView(terminal.stream, clock=clock)
    many = [standing(f"app-{number}") for number in range(200)]
    for second in range(5):
        clock.now = second
        view.show(second, many)
    screen = Screen(60, 10).feed(terminal.written)
    assert len(screen.text) <= 10
    assert "and 193 others: 193 progressing" in screen.shown[-1]


def test_it_is_drawn_at_most_ten_times_a_second(clock: Clock) -> None:
    """What comes between is seen with the next one, and the last always."""
    terminal = Terminal()
    view = LiveView(terminal.stream, clock=clock)
    for look in range(1000):
        clock.now = look / 1000
        view.show(clock.now, [standing(newest=f"look {look}.")])
    view.close()
    written = terminal.written
    assert written.count("main-app/web") <= 11
    assert "look 999." in written


def test_a_terminal_that_becomes_narrower_keeps_no_rest_of_the_wrapped_lines(clock: Clock) -> None:
    """The rows that the terminal has wrapped are those that are drawn over."""
    terminal = Terminal(100, 24)
    view = LiveView(terminal.stream, clock=clock)
    view.show(1, [standing(newest="x" * 80), standing("worker", newest="y" * 80)])
    terminal.resize(50, 24)
    clock.now = 1
    view.show(2, [standing(), standing("worker")])
    first, _, second = terminal.written.partition("\x1b[J")
    wrapped = Screen(50, 24).feed(first.replace("\x1b[K", "")).feed("\x1b[J" + second)
    assert len(wrapped.shown) == 2
    assert not [each for each in wrapped.shown if "xx" in each or "yy" in each]


def test_a_second_rollout_gets_a_picture_of_its_own(clock: Clock) -> None:
    """The way back doesn't draw over the failure it follows, nor does a line that comes after the end."""
    terminal = Terminal()
    view = LiveView(terminal.stream, clock=clock)
    view.show(12, [failed()])
    view("rolling back by itself")
    view.show(0, [standing()])
    view.show(1, [standing()])
    clock.now = 9
    view.show(9, [succeeded()])
    view.close()
    lines = Screen().feed(terminal.written).shown
    assert "failed: crash-loop" in lines[0]
    assert lines[1] == "rolling back by itself"
    assert "succeeded" in lines[2]
    assert len(lines) == 3


def test_foreign_text_neither_moves_the_cursor_nor_breaks_a_line(clock: Clock) -> None:
    """The only controls on the terminal are the view's own."""
    terminal = Terminal()
    view = LiveView(terminal.stream, clock=clock)
    view(HOSTILE)
    view.show(1, [failed(message=HOSTILE), standing("a" * 300, newest="界" * 300)])
    screen = Screen().feed(terminal.written)
    assert screen.unknown == []
    assert len(screen.shown) == len(HOSTILE.replace("\r", "\n").split("\n")) + 2
    assert all(len(each) < 80 for each in screen.shown)


def test_it_changes_no_mode_of_the_terminal(clock: Clock) -> None:
    """Nothing has to be put right after a kill: no cursor is hidden, no line discipline changed."""
    terminal = Terminal()
    before = termios.tcgetattr(terminal.stream.fileno())
    view = LiveView(terminal.stream, clock=clock)
    view.show(1, [failed()])
    assert termios.tcgetattr(terminal.stream.fileno()) == before
    assert "\x1b[?" not in terminal.written


def test_without_colour_there_is_none(clock: Clock) -> None:
    """NO_COLOR is a user's word."""
    terminal = Terminal()
    LiveView(terminal.stream, colour=False, clock=clock).show(1, [failed()])
    assert not re.search(r"\x1b\[[0-9;]*m", terminal.written)


def test_a_terminal_that_has_gone_away_stops_nothing(clock: Clock) -> None:
    """The rollout goes on; its verdict is in the exit code and the ledger."""
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w")
    view = LiveView(stream, clock=clock, size=lambda: os.terminal_size((80, 24)))
    view("a line")
    view.show(1, [standing()])
    view.close()
    with suppress(OSError):
        stream.close()

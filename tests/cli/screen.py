"""A terminal as far as the live view speaks to one: what its rows show, and what scrolled off."""

from __future__ import annotations

import re
import unicodedata

_PIECES = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|(.)", re.DOTALL)


class Screen:
    """Takes what a program writes. `lines` are all rows there ever were, the newest `rows` of them on the screen."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.columns, self.rows = columns, rows
        self.lines, self.row, self.column = [""], 0, 0
        self.unknown: list[str] = []

    def feed(self, text: str) -> Screen:
        for numbers, command, char in _PIECES.findall(text):
            if command:
                self._command(command, int(numbers or "1") if numbers.isdigit() or not numbers else 0)
            elif char == "\r":
                self.column = 0
            elif char == "\n":
                self._down()
            elif char.isprintable() or char in "\u2060":
                self._put(char)
            else:
                self.unknown.append(char)
        return self

    @property
    def shown(self) -> list[str]:
        """The rows on the screen that hold something."""
        return [each.rstrip() for each in self.lines[self._top :] if each.strip()]

    @property
    def text(self) -> list[str]:
        """All rows, those that scrolled off too."""
        return [each.rstrip() for each in self.lines]

    @property
    def _top(self) -> int:
        return max(len(self.lines) - self.rows, 0)

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    def _put(self, char: str) -> None:
        width = 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
        if self.column + width > self.columns:
            self._down()
            self.column = 0
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + char + line[self.column + 1 :]
        self.column += width

    def _command(self, command: str, number: int) -> None:
        if command == "A":
            self.row = max(self.row - number, self._top)
        elif command == "K":
            self.lines[self.row] = self.lines[self.row][: self.column]
        elif command == "J":
            self.lines[self.row] = self.lines[self.row][: self.column]
            del self.lines[self.row + 1 :]
        elif command != "m":
            self.unknown.append(command)

"""The one error that the lab shows to people."""

from __future__ import annotations


class LabError(Exception):
    """Something the lab couldn't do: what happened, and what a person can do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\nRemedy: {self.remedy}"

"""Lines that a ledger doesn't have because it couldn't be written: as they are told, to be taken in later. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from promokit.ledger.lines import BY_WORKLOAD, Line, written
from promokit.model import Environment

ENVIRONMENT = "environment"
CHAINED = ("before", "hash")
_MEANS_SOMETHING = str.maketrans({each: f"\\u{ord(each):04x}" for each in "`<>&#!"})
"""To Markdown, HTML, the runner or a shell. None of these stands in JSON outside of its texts."""


def told_lines(environment: Environment, lines: Sequence[Line]) -> tuple[dict[str, Any], ...]:
    """Return an operation's lines as they are told: each names its environment, none what it is chained to.

    An image of the environment's own repository is told as `:tag@digest`: a runner may mask the number of the account
    in it, and what is masked can't be taken in.
    """
    repository = environment.image.repository if environment.image else ""

    def short(image: str) -> str:
        rest = image.removeprefix(repository) if repository else image
        return rest if rest.startswith((":", "@")) else image

    return tuple({ENVIRONMENT: environment.name, **with_images(_bare(each), short)} for each in lines if each)


def told_text(line: Line) -> str:
    """Return such a line as JSON in which no letter means anything to who shows it, or to a shell that it is given."""
    return written(line).translate(_MEANS_SOMETHING)


def with_images(line: Line, change: Callable[[str], str]) -> dict[str, Any]:
    """Return a line with each image that it names changed."""
    new = dict(line)
    if isinstance(line.get("image"), str):
        new["image"] = change(line["image"])
    for key in BY_WORKLOAD:
        if isinstance(line.get(key), Mapping):
            new[key] = {workload: change(str(image)) for workload, image in line[key].items()}
    return new


def _bare(line: Line) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key not in CHAINED}

"""Pages of a list, with the Link header of GitHub's REST API."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from attrs import frozen

from tests.lab.doubles.messages import Request


@frozen
class Page:
    """Which page a request asks for."""

    number: int
    size: int

    @property
    def slice(self) -> slice:
        """The page's place in the whole list."""
        return slice((self.number - 1) * self.size, self.number * self.size)

    def cut(self, items: Sequence[Any]) -> list[Any]:
        """The page's items."""
        return list(items[self.slice])

    def links(self, request: Request, total: int, api: str) -> dict[str, str]:
        """The Link header, where there is more than one page."""
        last = max(1, -(-total // self.size))
        targets = {"prev": self.number - 1, "next": self.number + 1, "last": last, "first": 1}
        told = {
            name: number
            for name, number in targets.items()
            if (1 <= number <= last and (number > self.number) == (name in {"next", "last"})) and number != self.number
        }
        if not told:
            return {}
        links = (f'<{_url(request, number, api)}>; rel="{name}"' for name, number in told.items())
        return {"Link": ", ".join(links)}


def asked(request: Request, default: int = 30) -> Page:
    """The page that the query asks for; nonsense counts as absent, more than 100 as 100, as on GitHub."""
    return Page(max(1, _number(request, "page", 1)), min(100, max(1, _number(request, "per_page", default))))


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else default


def _url(request: Request, number: int, api: str) -> str:
    return f"{api}{request.path}?{urlencode({**request.query, 'page': number})}"

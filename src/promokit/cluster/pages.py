"""The pages of a list, read item by item: neither a page nor a list is ever held whole."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any

from attrs import define, field

from promokit.cluster.transport import Json
from promokit.errors import Unreachable

_CHUNK = 64 * 1024
_DECODE = json.JSONDecoder().raw_decode
_SPACE = " \t\r\n"


class Page:
    """One page: iterating it once yields its items, and then `metadata` is the list's own."""

    def __init__(self, answer: Any) -> None:
        self.metadata: Json = {}
        self._answer = answer

    def __iter__(self) -> Iterator[Json]:
        """Yield the items. Unreachable where the answer breaks off or isn't a list."""
        import urllib3

        try:
            yield from self._items(_Text(self._answer))
            self._answer.drain_conn()
        except (ValueError, TypeError) as error:
            raise _no_list() from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(f"the API server's answer broke off: {error}", remedy="run this again") from error
        finally:
            self._answer.close()

    def _items(self, text: _Text) -> Iterator[Json]:
        text.take("{")
        found: Json = {}
        while not text.has("}"):
            key = text.value()
            text.take(":")
            if key == "items" and text.has("["):
                yield from _elements(text)
            else:
                found[key] = text.value()
            text.has(",")
        metadata = found.get("metadata")
        if not isinstance(metadata, dict):
            raise _no_list()
        self.metadata = metadata


def _elements(text: _Text) -> Iterator[Json]:
    while not text.has("]"):
        item = text.value()
        if not isinstance(item, dict):
            raise _no_list()
        yield item
        text.has(",")


@define(eq=False)
class _Text:
    """An answer's text as far as it is needed: what was read is dropped."""

    answer: Any
    kept: str = ""
    at: int = 0
    _utf8: codecs.IncrementalDecoder = field(factory=codecs.getincrementaldecoder("utf-8"))

    def has(self, mark: str) -> bool:
        """Whether the next thing is this character; it is taken then."""
        while True:
            while self.at < len(self.kept) and self.kept[self.at] in _SPACE:
                self.at += 1
            if self.at < len(self.kept):
                break
            if not self.more():
                raise ValueError("the text ends too early")
        found = self.kept[self.at] == mark
        self.at += found
        return found

    def take(self, mark: str) -> None:
        """Take this character, which has to be there."""
        if not self.has(mark):
            raise ValueError(f"expected {mark}")

    def value(self) -> Any:
        """Take the next JSON value, of which more is read as long as it isn't whole."""
        self.has("")
        while True:
            try:
                found, end = _DECODE(self.kept, self.at)
            except ValueError:
                if not self.more():
                    raise
                continue
            if end < len(self.kept) or not self.more():
                self.at = end
                return found

    def more(self) -> bool:
        """Read on, the more the longer a value is, so that a long one isn't begun again too often."""
        chunk = self.answer.read(max(_CHUNK, len(self.kept) - self.at), decode_content=True)
        self.kept = self.kept[self.at :] + self._utf8.decode(chunk, final=not chunk)
        self.at = 0
        return bool(chunk)


def _no_list() -> Unreachable:
    return Unreachable("what answered is not what an API server says", remedy="check the cluster's endpoint and proxy")

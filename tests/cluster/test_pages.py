import json
from typing import Any

import pytest
import urllib3

from promokit.cluster import pages
from promokit.cluster.pages import Page
from promokit.errors import Unreachable
from tests.cluster.api_server import ApiServer

ITEMS = [{"metadata": {"name": f"p{number}"}, "text": 'ü€𝄞\\" ]},{' * number, "n": [1.5, None]} for number in range(9)]
LIST = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7", "continue": "x"}, "items": ITEMS}


def read(api: ApiServer, body: bytes) -> tuple[list[Any], dict[str, Any]]:
    api.fail(200, body=body)
    page = Page(urllib3.PoolManager().request("GET", f"{api.url}/api", preload_content=False))
    return list(page), page.metadata


@pytest.mark.parametrize("chunk", [1, 2, 7, 64, 100_000])
@pytest.mark.parametrize("settings", [{}, {"indent": 2}, {"separators": (",", ":"), "ensure_ascii": False}])
@pytest.mark.parametrize("order", [list, reversed], ids=["metadata first", "metadata last"])
def test_a_list_is_read_item_by_item(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch, chunk: int, settings: dict[str, Any], order: Any
) -> None:
    """However it is written, and wherever its pieces are cut, within a character too."""
    monkeypatch.setattr(pages, "_CHUNK", chunk)
    body = json.dumps(dict(order(LIST.items())), **settings).encode()
    assert read(api, body) == (ITEMS, {"resourceVersion": "7", "continue": "x"})


@pytest.mark.parametrize("items", [None, []])
def test_an_empty_list_has_no_items(api: ApiServer, items: object) -> None:
    """The API writes null for none."""
    assert read(api, json.dumps({"items": items, "metadata": {}}).encode()) == ([], {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{",
        b"\xff",
        b'{"items"',
        b'{"items": [',
        b'{"items": [{}',
        b'{"items": [{]}',
        b'{"items": [3], "metadata": {}}',
        b'{"items": []}',
        b'{"items": [], "metadata": 3}',
    ],
)
def test_what_is_no_list_is_told(api: ApiServer, body: bytes) -> None:
    """A proxy that answers for the API server isn't believed, and crashes nothing."""
    with pytest.raises(Unreachable, match="not what an API server says"):
        read(api, body)


def test_a_long_list_is_never_held_whole(api: ApiServer) -> None:
    """Whatever the page: one that a server answers without heeding the limit too."""
    held: list[int] = []

    class Counting(pages._Text):
        def more(self) -> bool:
            found = super().more()
            held.append(len(self.kept))
            return found

    item = json.dumps({"text": "x" * 10_000})
    api.fail(200, body=f'{{"metadata": {{}}, "items": [{",".join([item] * 500)}]}}'.encode())
    answer = urllib3.PoolManager().request("GET", f"{api.url}/api", preload_content=False)
    assert sum(1 for _ in Page(answer)._items(Counting(answer))) == 500
    assert max(held) < 200_000
    assert len(held) > 20


def test_a_page_leaves_its_connection_to_the_next(api: ApiServer) -> None:
    """A list of many pages is read by one connection."""
    pool = urllib3.PoolManager()
    for _ in range(3):
        api.fail(200, body=json.dumps(LIST).encode())
        list(Page(pool.request("GET", f"{api.url}/api", preload_content=False)))
    assert api.connections == 1

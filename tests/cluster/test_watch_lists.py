import json

import pytest

from promokit.cluster import namespace as pages
from promokit.cluster import watch as limits
from promokit.cluster.watch import Change
from tests.cluster.api_server import ApiServer
from tests.cluster.watched import MODES, Watched, pod, watched

__all__ = ["watched"]


@MODES
def test_a_list_comes_first_and_then_its_changes(api: ApiServer, watched: Watched, streams_lists: bool) -> None:
    """Begin and end of the list are told, so that what isn't in it is known to be gone."""
    api.streams_lists = streams_lists
    api.put("pods", "a", pod())
    assert watched.take(3) == ["LISTING", "ADDED a", "LISTED"]
    api.put("pods", "b", pod())
    api.put("pods", "a", pod("b"))
    api.delete("pods", "b")
    assert watched.take(3) == ["ADDED b", "MODIFIED a", "DELETED b"]


def test_list_and_watch_are_one_request(api: ApiServer, watched: Watched) -> None:
    """The server streams the list where it can, and goes on with the changes."""
    watched.take(2)
    api.put("pods", "a", pod())
    watched.take(1)
    (call,) = api.calls
    assert call.query["resourceVersionMatch"] == "NotOlderThan"
    assert call.query["allowWatchBookmarks"] == "true"
    assert "resourceVersion" not in call.query


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_without_streaming_lists_is_asked_for_one_once(api: ApiServer, watched: Watched, status: int) -> None:
    """Afterwards, also when a new list is needed, pages do."""
    api.fail(status)
    assert watched.take(2) == ["LISTING", "LISTED"]
    api.put("pods", "a", pod())
    watched.take(1)
    api.compact()
    api.end_watches()
    assert watched.take(3) == ["LISTING", "ADDED a", "LISTED"]
    assert ["sendInitialEvents" in each.query for each in watched.lists] == [True, False, False]


def test_a_streamed_list_that_never_ends_is_read_by_pages(
    api: ApiServer, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes the request and doesn't know it isn't waited for."""
    monkeypatch.setattr(limits, "LIST_SILENT_SECONDS", 0.1)
    api.ends_lists = False
    api.put("pods", "a", pod())
    assert watched.take(5) == ["LISTING", "ADDED a", "LISTING", "ADDED a", "LISTED"]
    assert len(watched.lists) == 2


def test_a_streamed_list_that_is_cut_is_read_by_pages(api: ApiServer, watched: Watched) -> None:
    """What came of it has no version to go on from."""
    line = json.dumps({"type": "ADDED", "object": {"metadata": {"name": "a", "uid": "a", "resourceVersion": "7"}}})
    api.fail(200, body=line.encode() + b"\n")
    assert watched.take(4) == ["LISTING", "ADDED a", "LISTING", "LISTED"]
    assert "7" not in watched.versions


def test_a_server_that_is_silent_to_a_streaming_list_gets_pages(
    api: ApiServer, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is no error yet."""
    monkeypatch.setattr(limits, "LIST_SILENT_SECONDS", 0.1)
    api.fail(silent=True)
    assert watched.take(2) == ["LISTING", "LISTED"]


def test_pages_are_read_to_the_last(api: ApiServer, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list ends after its last page, and the watch begins at its version."""
    monkeypatch.setattr(pages, "PAGE", 2)
    api.streams_lists = False
    for name in "abc":
        api.put("pods", name, pod())
    assert watched.take(5) == ["LISTING", "ADDED a", "ADDED b", "ADDED c", "LISTED"]
    api.put("pods", "d", pod())
    assert watched.take(1) == ["ADDED d"]
    assert watched.versions == [api.get("pods", "c")["metadata"]["resourceVersion"]]


@MODES
def test_only_what_was_asked_for_comes(api: ApiServer, streams_lists: bool) -> None:
    """The query narrows the list and each watch."""
    api.streams_lists = streams_lists
    watched = Watched(api, query={"labelSelector": "app=main"})
    api.put("pods", "a", pod(app="other"))
    assert watched.take(2) == ["LISTING", "LISTED"]
    api.put("pods", "b", pod(app="main"))
    assert watched.take(1) == ["ADDED b"]
    api.end_watches()
    api.put("pods", "c", pod(app="other"))
    api.put("pods", "d", pod(app="main"))
    assert watched.take(1) == ["ADDED d"]
    watched.watch.close()


@MODES
def test_json_is_kept_only_when_asked_for(api: ApiServer, streams_lists: bool) -> None:
    """Listed objects too are told with their kind, which the API leaves out of a list."""
    api.streams_lists = streams_lists
    api.put("pods", "a", pod())
    for keep in (True, False):
        watched = Watched(api, keep_raw=keep)
        watched.take(1)
        change = next(watched.changes)
        assert isinstance(change, Change)
        assert (change.raw or {}).get("kind") == ("Pod" if keep else None)
        watched.watch.close()

from collections.abc import Iterator

import pytest

from promokit.cluster import watch
from promokit.cluster.transport import ApiError
from promokit.cluster.watch import Change, changes
from promokit.errors import Unreachable
from tests.cluster.api_server import ApiServer


def configmap(**data: str) -> dict[str, object]:
    return {"data": data}


def watching(api: ApiServer) -> Iterator[Change]:
    return changes(api.namespace(), "configmaps", "ConfigMap")


def take(stream: Iterator[Change], count: int) -> list[tuple[str, str]]:
    """Return the next changes: type and name."""
    found = [next(each for each in stream if each.type != "ENDED") for _ in range(count)]
    return [(each.type, each.object.get("metadata", {}).get("name", "")) for each in found]


def watches(api: ApiServer) -> list[str]:
    return [each.query["resourceVersion"] for each in api.calls if "watch" in each.query]


def test_a_list_comes_first_and_then_its_changes(api: ApiServer) -> None:
    """Begin and end of the list are told, so that what isn't in it is known to be gone."""
    api.put("configmaps", "a", configmap())
    stream = watching(api)
    assert take(stream, 3) == [("LISTING", ""), ("ADDED", "a"), ("LISTED", "")]
    api.put("configmaps", "b", configmap())
    api.put("configmaps", "a", configmap(x="1"))
    api.delete("configmaps", "b")
    assert take(stream, 3) == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


def test_the_kind_is_told_of_listed_objects_too(api: ApiServer) -> None:
    """Items of a list don't say what they are."""
    api.put("configmaps", "a", configmap())
    stream = watching(api)
    take(stream, 1)
    assert next(stream).object["kind"] == "ConfigMap"


def test_a_cut_watch_goes_on_where_it_broke_off(api: ApiServer) -> None:
    """Nothing is lost and nothing comes twice; no new list is asked."""
    stream = watching(api)
    take(stream, 2)
    api.put("configmaps", "a", configmap())
    assert take(stream, 1) == [("ADDED", "a")]
    api.cut_watches()
    api.put("configmaps", "b", configmap())
    assert take(stream, 1) == [("ADDED", "b")]
    assert len(api.calls) - len(watches(api)) == 1
    assert watches(api)[-1] == api.get("configmaps", "a")["metadata"]["resourceVersion"]


def test_a_history_that_is_gone_ends_the_stream(api: ApiServer) -> None:
    """The caller lists anew: what happened meanwhile can't be told any more."""
    stream = watching(api)
    take(stream, 2)
    api.put("configmaps", "a", configmap())
    take(stream, 1)
    api.compact()
    api.cut_watches()
    assert {each.type for each in stream} <= {"ENDED"}


def test_gone_as_a_status_ends_the_stream_too(api: ApiServer) -> None:
    """The server may say 410 before or within the stream."""
    api.fail(410, path="configmaps", times=0)
    stream = watching(api)
    take(stream, 2)
    api.faults[0].times = 1
    assert list(stream) == []


@pytest.mark.parametrize("status", [401, 429, 503])
def test_a_watch_that_is_refused_is_told(api: ApiServer, status: int) -> None:
    """Losing sight is an error, so that the follower can count how long it was blind."""
    stream = watching(api)
    take(stream, 2)
    api.fail(status, times=2)
    with pytest.raises(Unreachable):
        take(stream, 1)


def test_a_silent_connection_is_noticed(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server promises to end a watch before our own limit: later than that, it is dead."""
    monkeypatch.setattr(watch, "SILENT_SECONDS", 5.2)
    stream = watching(api)
    take(stream, 2)
    monkeypatch.setattr(watch, "SILENT_SECONDS", 0.2)
    api.fail(silent=True)
    with pytest.raises(Unreachable):
        next(stream)


def test_a_watch_is_asked_to_end_before_it_would_be_taken_for_dead(api: ApiServer) -> None:
    """The server's limit is below the client's."""
    stream = watching(api)
    take(stream, 2)
    api.put("configmaps", "a", configmap())
    take(stream, 1)
    call = next(each for each in api.calls if "watch" in each.query)
    assert float(call.query["timeoutSeconds"]) < watch.SILENT_SECONDS
    assert call.query["allowWatchBookmarks"] == "true"


def test_a_list_without_permission_is_told(api: ApiServer) -> None:
    """Nothing can be followed then."""
    api.fail(403)
    stream = watching(api)
    next(stream)
    with pytest.raises((Unreachable, ApiError), match="rbac"):
        next(stream)


def test_watches_that_are_ended_at_once_are_not_asked_without_a_pause(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that ends each watch is asked at a bounded rate, and whoever wants no more can stop."""
    paused: list[float] = []
    monkeypatch.setattr("promokit.cluster.watch.time.sleep", paused.append)
    stream = watching(api)
    take(stream, 2)
    api.fail(200, body=b"", path="configmaps", times=4)
    assert [next(stream).type for _ in range(4)] == ["ENDED"] * 4
    assert paused == [watch.PAUSE_SECONDS] * 3

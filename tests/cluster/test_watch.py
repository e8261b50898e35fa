import threading

import pytest
import urllib3

from promokit.cluster import namespace as pages
from promokit.cluster import watch as limits
from promokit.cluster.transport import Busy, Silent, Transport
from promokit.cluster.watch import Pauses
from promokit.errors import Unreachable
from tests.cluster.api_server import ApiServer
from tests.cluster.watched import MODES, Watched, error_event, pod, watched

__all__ = ["watched"]


@MODES
def test_a_cut_watch_goes_on_where_it_broke_off(api: ApiServer, watched: Watched, streams_lists: bool) -> None:
    """Nothing is lost and nothing comes twice; no new list is asked."""
    api.streams_lists = streams_lists
    watched.take(2)
    for name in "abcdef":
        api.put("pods", name, pod())
        assert watched.take(1) == [f"ADDED {name}"]
        api.end_watches()
    api.put("pods", "g", pod())
    assert watched.take(1) == ["ADDED g"]
    assert len(watched.lists) == 1 + (not streams_lists)
    assert watched.versions[-1] == api.get("pods", "f")["metadata"]["resourceVersion"]


def test_a_watch_that_lived_goes_on_without_a_pause(api: ApiServer) -> None:
    """Being cut every two seconds costs a request each time, and no pause."""
    watched = Watched(api, pauses=Pauses(lived=0.0))
    watched.take(2)
    for name in "abcd":
        api.end_watches()
        api.put("pods", name, pod())
        watched.take(1)
    assert watched.waits.paused == []
    assert len(watched.lists) == 1
    watched.watch.close()


def test_a_bookmark_is_gone_on_from(api: ApiServer, watched: Watched) -> None:
    """So that a quiet watch doesn't grow too old to be resumed."""
    watched.take(2)
    version = api.bookmark()
    api.end_watches()
    api.put("pods", "a", pod())
    assert watched.take(1) == ["ADDED a"]
    assert watched.versions == [str(version)]


@MODES
def test_a_history_that_is_gone_costs_a_new_list(api: ApiServer, watched: Watched, streams_lists: bool) -> None:
    """Told within the stream: what went meanwhile is what isn't in the list."""
    api.streams_lists = streams_lists
    api.put("pods", "a", pod())
    api.put("pods", "b", pod())
    watched.take(4)
    api.delete("pods", "a")
    watched.take(1)
    api.end_watches()
    api.compact()
    assert watched.take(3) == ["LISTING", "ADDED b", "LISTED"]


def test_gone_as_a_status_costs_a_new_list_too(api: ApiServer, watched: Watched) -> None:
    """The server may say 410 before or within the stream; sight isn't lost by it."""
    watched.take(2)
    api.fail(410)
    api.end_watches()
    assert watched.take(2) == ["LISTING", "LISTED"]
    assert len(watched.lists) == 2


def test_a_server_that_always_says_gone_is_asked_ever_more_slowly(api: ApiServer, watched: Watched) -> None:
    """Lists are dear."""
    api.fail(410, times=3)
    assert watched.take(2) == ["LISTING", "LISTED"]
    assert watched.waits.paused == [0.01, 0.02, 0.02]


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_a_refused_watch_is_told_and_goes_on(api: ApiServer, watched: Watched, status: int) -> None:
    """Losing sight is told, so that the follower can count how long it was blind, and so is its return."""
    watched.take(2)
    api.fail(status, times=2)
    api.end_watches()
    lost = watched.take(1 if status == 401 else 2)
    assert set(lost) == {"Unreachable" if status == 401 else "Busy"}
    assert watched.take(1) == ["RESUMED"]
    api.put("pods", "a", pod())
    assert watched.take(1) == ["ADDED a"]
    assert len(watched.lists) == 1


def test_an_error_within_the_stream_is_told_and_goes_on(api: ApiServer, watched: Watched) -> None:
    """The server's trouble isn't the history's: nothing is listed anew."""
    watched.take(2)
    api.fail(200, body=error_event(500, message="etcd leader changed", details={"retryAfterSeconds": 3}))
    api.end_watches()
    assert watched.take(2) == ["Busy", "RESUMED"]
    assert watched.waits.paused[-1] == 3.0
    assert len(watched.lists) == 1


@pytest.mark.parametrize("line", [b"<html>\n", b'{"type": "ADDED"}\n', b"[]\n", b'{"type": "ERROR", "object": 3}\n'])
def test_what_can_not_be_read_is_told_and_listed_anew(api: ApiServer, watched: Watched, line: bytes) -> None:
    """Nothing that an API server or a proxy may say ends a stream."""
    watched.take(2)
    api.fail(200, body=line)
    api.end_watches()
    assert watched.take(3) == ["Unreachable", "LISTING", "LISTED"]


def test_a_watch_of_a_strange_version_is_listed_anew(api: ApiServer, watched: Watched) -> None:
    """Any refusal that isn't passing trouble may be the version's."""
    watched.take(2)
    api.fail(400)
    api.end_watches()
    assert watched.take(3) == ["ApiError", "LISTING", "LISTED"]


def test_a_refused_token_is_renewed_on_a_watch(api: ApiServer) -> None:
    """By the same request, without losing sight."""
    tokens: list[str | None] = []

    def token(refused: str | None) -> str:
        tokens.append(refused)
        return "Bearer new" if refused else "Bearer old"

    here = Transport(api.url, urllib3.PoolManager(), token)
    watched = Watched(api, namespace=pages.Namespace(here, "credreg-test"))
    watched.take(2)
    api.fail(401)
    api.end_watches()
    api.put("pods", "a", pod())
    assert watched.take(1) == ["ADDED a"]
    assert [each.authorization for each in api.calls] == ["Bearer old", "Bearer old", "Bearer new"]
    watched.watch.close()


def test_a_silent_connection_is_noticed(api: ApiServer, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server promised to end the watch before our own limit: later than that, the connection is dead."""
    monkeypatch.setattr(limits, "SILENT_SECONDS", 0.1)
    watched.take(2)
    assert watched.take(2) == ["Silent", "RESUMED"]
    api.fail(silent=True)
    assert watched.take(2) == ["Silent", "Silent"]
    assert len(watched.lists) == 1


def test_the_limits_are_those_that_are_documented() -> None:
    """A watch is asked to end before it would be taken for dead, which is after 30 seconds."""
    assert limits.SILENT_SECONDS == 30.0
    assert limits.LIST_SILENT_SECONDS == 5.0
    assert Pauses() == Pauses(first=0.1, longest=5.0, lived=1.0, asked=30.0)


def test_the_server_is_asked_to_end_a_watch_in_time(api: ApiServer, watched: Watched) -> None:
    """Then a quiet watch and a dead one differ."""
    watched.take(2)
    assert [each.query["timeoutSeconds"] for each in api.calls] == ["25"]


def test_watches_that_end_at_once_are_not_asked_without_a_pause(api: ApiServer, watched: Watched) -> None:
    """A proxy that ends each watch is asked at a bounded rate; that is no loss of sight."""
    watched.take(2)
    api.fail(200, body=b"", times=4)
    api.end_watches()
    api.put("pods", "a", pod())
    assert watched.take(1) == ["ADDED a"]
    assert watched.waits.paused[-4:] == [0.02] * 4


def test_pauses_grow_to_a_limit() -> None:
    """Without chance, from a tenth of a second to five seconds."""
    assert [Pauses().after(count, None) for count in (1, 2, 3, 6, 7, 10_000)] == [0.1, 0.2, 0.4, 3.2, 5.0, 5.0]


def test_the_servers_pause_goes_first_within_reason() -> None:
    """Retry-After is obeyed up to half a minute, and isn't a reason to ask sooner."""
    waits = [Pauses().after(3, Busy("", retry_after=seconds)) for seconds in (None, 0.0, 7.0, 3600.0)]
    assert waits == [0.4, 0.4, 7.0, 30.0]
    assert Pauses().after(1, Unreachable("no network")) == 0.1


def test_retry_after_is_obeyed(api: ApiServer, watched: Watched) -> None:
    """By the list as by the watch."""
    api.fail(429, headers={"Retry-After": "2"})
    assert watched.take(3) == ["Busy", "LISTING", "LISTED"]
    assert watched.waits.paused == [2.0]


def test_closing_ends_a_watch_that_waits(api: ApiServer) -> None:
    """It doesn't keep its connection until the server's next word."""
    watched = Watched(api, closed=threading.Event())
    watched.take(2)
    thread = threading.Thread(target=lambda: list(watched.changes))
    thread.start()
    watched.watch.close()
    thread.join(5)
    assert not thread.is_alive()


def test_a_server_that_is_away_is_told_as_soon_as_it_is(api: ApiServer, watched: Watched) -> None:
    """A stream tries a connection once, and again after its own pause."""
    watched.take(2)
    api.fail(dropped=True, times=4)
    api.end_watches()
    assert watched.take(3) == ["Away", "Away", "RESUMED"]


def test_silence_is_a_kind_of_being_unreachable() -> None:
    """Who counts blindness needn't know the difference."""
    assert issubclass(Silent, Unreachable)
    assert issubclass(Busy, Unreachable)

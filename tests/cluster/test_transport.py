import json
import socket
import threading

import pytest
import urllib3

from promokit.cluster import transport
from promokit.cluster.identity import own_name
from promokit.cluster.transport import ApiError, Busy, Conflict, Forbidden, Gone, Invalid, NotFound, Transport
from promokit.errors import PromokitError, Unreachable
from tests.cluster.api_server import ApiServer

PATH = "/api/v1/namespaces/credreg-test/pods"


def ask(api: ApiServer, method: str = "GET") -> object:
    return api.namespace().transport.request(method, PATH)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ApiError),
        (404, NotFound),
        (409, Conflict),
        (410, Gone),
        (422, Invalid),
        (429, Busy),
        (500, Busy),
        (503, Busy),
        (504, Busy),
    ],
)
def test_each_refusal_is_of_its_kind(api: ApiServer, status: int, kind: type[PromokitError]) -> None:
    """What was asked, and the server's own words, are told."""
    api.fail(status, times=9)
    with pytest.raises(PromokitError, match="as the test asked") as caught:
        ask(api)
    assert type(caught.value) is kind
    assert caught.value.where == f"GET {PATH}"


@pytest.mark.parametrize(("method", "said"), [("GET", "not allowed to read"), ("POST", "not allowed to write")])
def test_who_may_not_do_it_is_told_which_permission_to_grant(api: ApiServer, method: str, said: str) -> None:
    """Nothing was judged: somebody who may can still ask. Exit 5, for reading and for writing."""
    api.fail(403)
    with pytest.raises(Forbidden, match=rf"{said}.*rbac\.yaml") as caught:
        ask(api, method)
    assert (caught.value.status, caught.value.exit_code, caught.value.reason) == (403, 5, "unreachable")


@pytest.mark.parametrize("said", ['pods "x" is forbidden: exceeded quota: small', 'admission webhook "a.b" denied it'])
def test_a_quota_or_a_webhook_is_no_missing_permission(api: ApiServer, said: str) -> None:
    """403 too, but granting something doesn't help: it was judged, and not accepted."""
    api.fail(403, body=json.dumps({"message": said}).encode())
    with pytest.raises(ApiError, match="Remedy: see what") as caught:
        ask(api, "POST")
    assert "rbac" not in str(caught.value)
    assert (caught.value.exit_code, caught.value.reason) == (1, "not-accepted")


def test_a_token_that_has_run_out_is_renewed_once(api: ApiServer) -> None:
    """After 401 the credentials are asked anew, and the request is sent again."""
    api.fail(401)
    asked: list[str | None] = []

    def token(refused: str | None) -> str:
        asked.append(refused)
        return f"Bearer {len(asked)}"

    Transport(api.url, urllib3.PoolManager(), token).request("GET", PATH)
    assert asked == [None, "Bearer 1"]
    assert [each.authorization for each in api.calls] == ["Bearer 1", "Bearer 2"]


def test_credentials_that_are_not_accepted_are_told_without_them(api: ApiServer) -> None:
    """A second 401 ends it, and no token is in the message."""
    api.fail(401, times=2)
    with pytest.raises(Unreachable, match="doesn't accept these credentials") as caught:
        ask(api)
    assert "Bearer" not in str(caught.value)
    assert len(api.calls) == 2


def test_a_server_that_is_not_there_is_unreachable() -> None:
    """Nothing listens: told with the address and what to check."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    way = Transport(url, urllib3.PoolManager(), lambda renew: None)
    with pytest.raises(Unreachable, match="doesn't answer") as caught:
        way.request("GET", PATH)
    assert caught.value.where == url


def test_a_silent_server_is_given_up(api: ApiServer) -> None:
    """Every call is bounded in time, and isn't sent twice: it might have been done."""
    api.fail(silent=True)
    with pytest.raises(Unreachable, match="doesn't answer"):
        api.namespace().transport.request("GET", PATH, read_seconds=0.2)
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Tue, 24 Nov 2026 12:00:09 GMT", "Date": "Tue, 24 Nov 2026 12:00:00 GMT"}, 9.0),
        ({"Retry-After": "Tue, 24 Nov 2026 12:00:00 GMT", "Date": "Tue, 24 Nov 2026 12:00:09 GMT"}, 0.0),
        ({"Retry-After": "Tue, 24 Nov 2020 12:00:00 GMT", "Date": "now"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_the_servers_word(api: ApiServer, headers: dict[str, str], seconds: float | None) -> None:
    """Retry-After is seconds or a date, and a date is read by the clock that wrote it."""
    api.fail(503, headers=headers)
    with pytest.raises(Busy) as caught:
        ask(api)
    assert caught.value.retry_after == seconds


def test_a_version_that_the_server_has_not_got_is_gone(api: ApiServer) -> None:
    """As after its store was restored: waiting for it would be for nothing."""
    api.fail(504, body=b'{"message": "Too large", "details": {"causes": [{"reason": "ResourceVersionTooLarge"}]}}')
    with pytest.raises(Gone):
        ask(api)


def test_a_kept_connection_that_was_closed_is_no_error_for_a_read(api: ApiServer) -> None:
    """Load balancers close idle connections. A write isn't sent twice: it might have been done."""
    api.fail(dropped=True, times=1)
    ask(api)
    api.fail(dropped=True, times=1)
    with pytest.raises(Unreachable):
        ask(api, "POST")
    api.fail(dropped=True, times=2)
    with pytest.raises(Unreachable, match="doesn't answer"):
        ask(api)


def test_an_answer_that_breaks_off_is_unreachable(api: ApiServer) -> None:
    """Half an answer is none, be it a refusal's or a list's."""
    for status in (200, 500, 422):
        api.fail(status, broken=True)
        with pytest.raises(PromokitError):
            list(api.namespace().items("pods"))


@pytest.mark.parametrize("body", [b"<html>captive portal</html>", b"\xff\xfe", b"", b"[]", b"7"])
def test_an_answer_that_is_no_object_is_unreachable(api: ApiServer, body: bytes) -> None:
    """A proxy that answers for the API server isn't believed, and crashes nothing."""
    api.fail(200, body=body)
    with pytest.raises(Unreachable, match="not what an API server says"):
        api.namespace().get("pods", "x")


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'"no"', b"null"])
def test_a_refusal_without_words_is_told_by_its_status(api: ApiServer, body: bytes) -> None:
    """The body of a refusal may be anything."""
    api.fail(422, body=body)
    with pytest.raises(Invalid, match="HTTP 422"):
        ask(api)


def test_our_own_name_is_the_servers_word(api: ApiServer) -> None:
    """SelfSubjectReview tells; where it doesn't, no name is made up."""
    assert own_name(api.namespace().transport) == "system:tester"
    for fault in ({"status": 403}, {"status": 200, "body": b"{}"}, {"status": 200, "body": b"[]"}):
        api.fail(**fault)
        assert own_name(api.namespace().transport) == ""


def test_several_threads_may_ask_at_once(api: ApiServer) -> None:
    """Four watches and the calls beside them share one transport."""
    way, done = api.namespace(), list[int]()

    def read() -> None:
        done.extend(len(list(way.items("pods"))) for _ in range(5))

    threads = [threading.Thread(target=read) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert done == [0] * 30


def test_every_call_has_its_time_limit() -> None:
    """Connecting and reading are bounded by what the documentation says."""
    assert (transport.CONNECT_SECONDS, transport.READ_SECONDS) == (5.0, 30.0)

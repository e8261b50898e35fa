from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from promokit.errors import Unreachable
from promokit.transport import TRIES, Transport
from tests.http_server import Answer, Respond, Server

Serve = Callable[[Respond], Server]


def in_turn(*answers: Answer) -> Respond:
    rest: Iterator[Answer] = iter(answers)
    return lambda _: next(rest)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(serve: Serve, status: int) -> None:
    """The next answer counts."""
    server = serve(in_turn(Answer(status), Answer(200, b"well")))
    waits: list[float] = []
    assert Transport(sleep=waits.append).send("GET", server.url).content == b"well"
    assert len(waits) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501])
def test_any_other_failure_is_an_answer(serve: Serve, status: int) -> None:
    """Asking again would give the same."""
    server = serve(lambda _: Answer(status))
    assert Transport(sleep=lambda _: None).send("GET", server.url).status_code == status
    assert len(server.asked) == 1


def test_a_server_that_keeps_failing_is_given_up(serve: Serve) -> None:
    """The last answer is handed on after a bounded number of tries."""
    server = serve(lambda _: Answer(503))
    assert Transport(sleep=lambda _: None).send("GET", server.url).status_code == 503
    assert len(server.asked) == TRIES


def test_a_pause_that_the_server_asks_for_is_kept(serve: Serve) -> None:
    """Retry-After in seconds."""
    server = serve(in_turn(Answer(429, headers={"Retry-After": "7"}), Answer()))
    waits: list[float] = []
    Transport(sleep=waits.append).send("GET", server.url)
    assert waits == [7.0]


def test_a_pause_beyond_the_bound_is_not_waited_for(serve: Serve) -> None:
    """Nobody waits an hour in a job that costs by the minute."""
    server = serve(lambda _: Answer(429, headers={"Retry-After": "3600"}))
    assert Transport(sleep=lambda _: None).send("GET", server.url).status_code == 429
    assert len(server.asked) == 1


def test_a_connection_that_breaks_is_tried_again_and_then_unreachable(serve: Serve) -> None:
    """What is told has host and path, and never the query, which may carry a secret."""
    server = serve(in_turn(Answer(0), Answer(200)))
    assert Transport(sleep=lambda _: None).send("GET", server.url).status_code == 200
    with pytest.raises(Unreachable, match="no connection") as caught:
        Transport(sleep=lambda _: None).send("GET", "http://127.0.0.1:1/path?token=s3cret")
    assert "127.0.0.1:1" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_url_that_is_none_is_unreachable() -> None:
    """requests' own errors don't get through."""
    with pytest.raises(Unreachable):
        Transport(sleep=lambda _: None).send("GET", "nonsense://x")


def test_no_password_is_taken_from_netrc(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ~/.netrc of the user would replace the token that was meant."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = serve(lambda _: Answer())
    transport = Transport()
    transport.send("GET", server.url, authorization="Bearer mine")
    transport.send("GET", server.url)
    assert [asked.headers.get("Authorization") for asked in server.asked] == ["Bearer mine", None]

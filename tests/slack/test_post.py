import json
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs

import pytest

from promokit.errors import ConfigError, PromokitError, Unreachable
from promokit.slack.message import Notice, message
from promokit.slack.post import TRIES, post
from tests.http_server import Answer, Respond, Server

Serve = Callable[[Respond], Server]
TOKEN = "xoxb-s3cret"
MESSAGE = message(Notice(event="build", outcome="succeeded", tag="2026.01.02.0003"))


def answer(status: int = 200, headers: dict[str, str] | None = None, **document: object) -> Answer:
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/json", **(headers or {})})


def in_turn(*answers: Answer) -> Respond:
    rest: Iterator[Answer] = iter(answers)
    return lambda _: next(rest)


def posted(url: str, waits: list[float] | None = None) -> str:
    waits = [] if waits is None else waits
    environ = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_API_URL": url}
    return post("#deploys", MESSAGE, environ, sleep=waits.append)


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_a_message_is_posted_where_the_environment_says(serve: Serve, path: str) -> None:
    """One chat.postMessage with text and blocks, nothing of which is parsed for names or unfurled."""
    server = serve(lambda _: answer(ok=True, ts="1.2", channel="C1"))
    assert posted(server.url + path) == "1.2"
    (asked,) = server.asked
    assert asked.path == "/api/chat.postMessage"
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    sent = _fields(asked.body, asked.headers["Content-Type"])
    assert (sent["channel"], sent["text"]) == ("#deploys", MESSAGE["text"])
    blocks = sent["blocks"]
    assert (json.loads(blocks) if isinstance(blocks, str) else blocks) == MESSAGE["blocks"]
    assert sent["parse"] == "none"


def _fields(body: bytes, content_type: str) -> dict[str, object]:
    if "json" in content_type:
        fields: dict[str, object] = json.loads(body)
        return fields
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


@pytest.mark.parametrize(
    ("code", "kind", "remedy"),
    [
        ("not_in_channel", ConfigError, "/invite"),
        ("channel_not_found", ConfigError, "check the channel's name"),
        ("invalid_auth", ConfigError, "SLACK_BOT_TOKEN"),
        ("missing_scope", ConfigError, "chat:write"),
        ("is_archived", ConfigError, "archived"),
        ("invalid_blocks", ConfigError, "chat.postMessage"),
        ("fatal_error", Unreachable, "Slack's status"),
        ("Bad <code>\n", Unreachable, "Slack's status"),
    ],
)
def test_each_error_of_slack_has_its_remedy(serve: Serve, code: str, kind: type[PromokitError], remedy: str) -> None:
    """What is wrong here is told from what is wrong there, once, without the token."""
    server = serve(lambda _: answer(ok=False, error=code))
    with pytest.raises(kind) as caught:
        posted(server.url)
    assert remedy in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert len(server.asked) == 1


def test_a_rate_limit_is_waited_for(serve: Serve) -> None:
    """As long as Slack says."""
    limit = answer(429, {"Retry-After": "7"}, ok=False, error="ratelimited")
    server = serve(in_turn(limit, answer(ok=True, ts="1.2")))
    waits: list[float] = []
    assert posted(server.url, waits) == "1.2"
    assert waits == [7.0]


@pytest.mark.parametrize(("after", "tries"), [("1", TRIES), ("3600", 1)])
def test_a_rate_limit_is_given_up_in_bounded_time(serve: Serve, after: str, tries: int) -> None:
    """A message isn't worth an hour of a job."""
    server = serve(lambda _: answer(429, {"Retry-After": after}, ok=False, error="ratelimited"))
    with pytest.raises(Unreachable, match="rate"):
        posted(server.url)
    assert len(server.asked) == tries


@pytest.mark.parametrize("response", [Answer(0), Answer(502, b"<html>"), Answer(200, b"<html>")])
def test_what_may_have_been_posted_is_not_posted_again(serve: Serve, response: Answer) -> None:
    """A broken answer or a 5xx can come after Slack took the message."""
    server = serve(lambda _: response)
    with pytest.raises(Unreachable, match="could not be asked"):
        posted(server.url)
    assert len(server.asked) == 1


def test_no_connection_is_tried_again(serve: Serve) -> None:
    """Nothing can have been posted."""
    waits: list[float] = []
    with pytest.raises(Unreachable, match="could not be asked"):
        posted("http://127.0.0.1:1/", waits)
    assert len(waits) == TRIES - 1


def test_without_a_token_nothing_is_asked() -> None:
    """The variable is named."""
    with pytest.raises(ConfigError, match="SLACK_BOT_TOKEN"):
        post("#deploys", MESSAGE, {})


@pytest.mark.parametrize("token", ["xoxb-1\nsecret", "xoxb-1\rsecret", "xoxb-\u20acsecret", "xoxb-1\x00secret"])
def test_a_token_that_can_not_be_sent_is_told_without_it(serve: Serve, token: str) -> None:
    """What was pasted with it is wrong use: the network isn't to be checked, and nothing is asked."""
    server = serve(lambda _: answer(ok=True))
    with pytest.raises(ConfigError, match="a line break or another character") as caught:
        post("#deploys", MESSAGE, {"SLACK_BOT_TOKEN": token, "SLACK_API_URL": server.url})
    assert "secret" not in str(caught.value)
    assert not server.asked

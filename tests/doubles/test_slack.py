"""The Slack double, through Slack's own SDK: it keeps good messages and refuses as Slack does."""

from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.doubles.control import control
from tests.lab.doubles.slack import TOKEN, SlackDouble

pytestmark = pytest.mark.program

Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "x", **more: Any) -> Block:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(text: str = "x", **more: Any) -> Block:
    return {"type": "button", "text": plain(text), **more}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def fields(*texts: str) -> Block:
    return {"type": "section", "fields": [mrkdwn(text) for text in texts]}


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text)}


LINK = "https://example.org/"
AT_THE_LIMIT: list[list[Block]] = [
    [section()] * 50,
    [section("ü" * 3000)],
    [fields(*["x" * 2000] * 10)],
    [header("x" * 150)],
    [context(*["x" * 3000] * 10)],
    [actions(*[button("x" * 75, url=LINK + "x" * 2980, value="x" * 2000)] * 25)],
    [section(block_id="x" * 255, accessory=button(style="danger"))],
    [{"type": "divider"}, {"type": "image", "image_url": LINK, "alt_text": "x" * 2000}],
    [{"type": "markdown", "text": "x" * 12000}],
]
OVER_THE_LIMIT: list[tuple[list[Block], str]] = [
    ([section()] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([fields(*["x"] * 11)], "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    (
        [section(), fields("x", "x" * 2001)],
        "less than 2001 characters [json-pointer:/blocks/1/fields/1/text]",
    ),
    ([header("x" * 151)], "must be less than 151 characters [json-pointer:/blocks/0/text/text]"),
    ([context(*["x"] * 11)], "no more than 10 items allowed [json-pointer:/blocks/0/elements]"),
    ([context()], "at least 1 item [json-pointer:/blocks/0/elements]"),
    ([actions(*[button()] * 26)], "no more than 25 items allowed [json-pointer:/blocks/0/elements]"),
    ([actions(button("x" * 76))], "less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"),
    (
        [actions(button(url=LINK + "x" * 3000))],
        "less than 3001 characters [json-pointer:/blocks/0/elements/0/url]",
    ),
    ([actions(button(url="javascript:x"))], "must be a valid URL [json-pointer:/blocks/0/elements/0/url]"),
    (
        [actions(button(value="x" * 2001))],
        "less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    ([actions(button(style="big"))], "valid enum value [json-pointer:/blocks/0/elements/0/style]"),
    ([actions(button(action_id="a"), button(action_id="a"))], "`action_id` must be unique"),
    ([section(block_id="b"), section(block_id="b")], "`block_id` must be unique"),
    ([section(block_id="x" * 256)], "less than 256 characters [json-pointer:/blocks/0/block_id]"),
    (
        [{"type": "header", "text": mrkdwn("x")}],
        "must be one of plain_text [json-pointer:/blocks/0/text/type]",
    ),
    ([{"type": "section"}], "missing required field: text or fields [json-pointer:/blocks/0]"),
    ([{"type": "section", "text": "x"}], "missing required field: text [json-pointer:/blocks/0/text]"),
    ([{"type": "poem"}], "unsupported type [json-pointer:/blocks/0/type]"),
    ([section(colour="red")], "additional property: colour [json-pointer:/blocks/0]"),
    ([{"type": "image", "image_url": LINK}], "missing required field [json-pointer:/blocks/0/alt_text]"),
    ([{"type": "markdown", "text": "x" * 12001}], "less than 12001 characters [json-pointer:/blocks/0/text]"),
]


def client(slack: SlackDouble, token: str | None = TOKEN) -> WebClient:
    return WebClient(token=token, base_url=slack.environ()["SLACK_API_URL"], timeout=10)


def refusal(slack: SlackDouble, call: dict[str, Any], token: str | None = TOKEN) -> dict[str, Any]:
    """What Slack's SDK raises for a message; nothing of it is kept."""
    with pytest.raises(SlackApiError) as caught:
        client(slack, token).chat_postMessage(**call)
    assert slack.messages == []
    data: dict[str, Any] = caught.value.response.data
    return data


def test_the_bot_knows_itself(slack: SlackDouble) -> None:
    """auth.test tells workspace and bot."""
    told = client(slack).auth_test()
    assert (told["ok"], told["user"], told["team"]) == (True, "promokit", "credreg")


def test_a_message_is_kept(slack: SlackDouble) -> None:
    """chat.postMessage answers with channel id and ts; the message can be read back."""
    told = client(slack).chat_postMessage(channel="#deploys", text="Hello", blocks=[section("Hello")])
    assert told["channel"] == "C0DEPLOYS"
    (kept,) = control(slack, "GET", "messages")["messages"]
    assert (kept["channel"], kept["ts"], kept["text"]) == ("#deploys", told["ts"], "Hello")
    assert kept["blocks"] == [section("Hello")]


def test_a_form_is_as_good_as_json(slack: SlackDouble) -> None:
    """The Web API takes forms too, their blocks as JSON text, the token among them."""
    call = {"token": "xoxb-lab", "channel": "deploys", "text": "x", "blocks": '[{"type": "divider"}]'}
    answer = requests.post(f"{slack.url}/api/chat.postMessage", data=call, timeout=10)
    assert answer.json()["ok"] is True
    assert slack.messages[0]["blocks"] == [{"type": "divider"}]


def test_a_thread_and_a_new_channel(slack: SlackDouble) -> None:
    """A reply carries its thread's ts; a channel that a control call made is known by name and id."""
    number = control(slack, "PUT", "channels/releases")["id"]
    first = client(slack).chat_postMessage(channel="#releases", text="x")
    client(slack).chat_postMessage(channel=number, text="y", thread_ts=first["ts"])
    assert [message.get("thread_ts") for message in slack.messages] == [None, first["ts"]]


@pytest.mark.parametrize(("token", "error"), [("xoxb-wrong", "invalid_auth"), (None, "not_authed")])
def test_a_wrong_token_is_refused(slack: SlackDouble, token: str | None, error: str) -> None:
    """No token and a wrong token are told apart, as Slack does."""
    assert refusal(slack, {"channel": "#deploys", "text": "x"}, token)["error"] == error


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
@pytest.mark.parametrize(
    ("call", "error"),
    [
        ({"channel": "#nowhere", "text": "x"}, "channel_not_found"),
        ({"channel": "#deploys", "text": "", "blocks": []}, "no_text"),
        ({"channel": "#deploys", "text": "x" * 40001}, "msg_too_long"),
        ({"channel": "#deploys", "text": "x", "blocks": '{"no": "list"}'}, "invalid_blocks_format"),
    ],
)
def test_a_wrong_message_is_refused(slack: SlackDouble, call: dict[str, Any], error: str) -> None:
    """An unknown channel, no text at all, too much of it, blocks that aren't a list."""
    assert refusal(slack, call)["error"] == error


@pytest.mark.parametrize("blocks", AT_THE_LIMIT)
def test_blocks_at_the_limit_are_taken(slack: SlackDouble, blocks: list[Block]) -> None:
    """As many and as long as Slack allows."""
    assert client(slack).chat_postMessage(channel="#deploys", text="x", blocks=blocks)["ok"] is True


@pytest.mark.parametrize(("blocks", "complaint"), OVER_THE_LIMIT)
def test_blocks_over_the_limit_are_refused(slack: SlackDouble, blocks: list[Block], complaint: str) -> None:
    """One more than Slack allows is invalid_blocks, with the place in it."""
    told = refusal(slack, {"channel": "#deploys", "text": "x", "blocks": blocks})
    assert told["error"] == "invalid_blocks"
    (message,) = told["response_metadata"]["messages"]
    assert complaint in message


def test_too_many_messages_are_limited(slack: SlackDouble) -> None:
    """429 with Retry-After, as often as told, then messages pass again."""
    control(slack, "POST", "fail", {"method": "chat.postMessage", "status": 429, "retry_after": 7})
    with pytest.raises(SlackApiError) as caught:
        client(slack).chat_postMessage(channel="#deploys", text="x")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "7")
    assert caught.value.response["error"] == "ratelimited"
    assert client(slack).chat_postMessage(channel="#deploys", text="x")["ok"] is True


def test_an_error_can_be_asked_for(slack: SlackDouble) -> None:
    """Any of Slack's errors, in Slack's shape."""
    control(slack, "POST", "fail", {"error": "not_in_channel"})
    assert refusal(slack, {"channel": "#deploys", "text": "x"})["error"] == "not_in_channel"


def test_an_unknown_method_is_refused(slack: SlackDouble) -> None:
    """Only what promokit calls is there."""
    with pytest.raises(SlackApiError, match="unknown_method"):
        client(slack).conversations_list()


def test_a_reset_forgets_messages(slack: SlackDouble) -> None:
    """Messages and channels are as at the start."""
    client(slack).chat_postMessage(channel="#deploys", text="x")
    control(slack, "POST", "reset")
    assert slack.messages == []

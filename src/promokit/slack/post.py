"""One chat.postMessage, repeated only while it surely wasn't taken: better no message than the same twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from promokit.errors import ConfigError, PromokitError, Unreachable
from promokit.transport import sendable

if TYPE_CHECKING:
    from slack_sdk import WebClient
    from tenacity import RetryCallState

TRIES = 4
LONGEST_WAIT = 60.0
"""Seconds. A longer Retry-After is given up."""

_TOKEN = "set SLACK_BOT_TOKEN to the bot token (xoxb-…) of an app that is installed in the workspace"  # noqa: S105
_REMEDIES = {
    "not_in_channel": "invite the app to the channel: /invite @its-name",
    "channel_not_found": "check the channel's name; invite the app to it if it is private",
    "is_archived": "name a channel that isn't archived",
    "invalid_auth": _TOKEN,
    "not_authed": _TOKEN,
    "account_inactive": _TOKEN,
    "token_revoked": _TOKEN,
    "token_expired": _TOKEN,
    "missing_scope": "give the app the scope chat:write, and install it again",
    "not_allowed_token_type": _TOKEN,
    "restricted_action": "let apps post there: a setting of the workspace or the channel forbids it",
    "org_login_required": "the workspace is being moved: try again later",
}


def post(
    channel: str,
    message: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Posts `message` (of `promokit.slack.message`) by SLACK_BOT_TOKEN and SLACK_API_URL; its `ts`.

    ConfigError: Slack takes it as wrong, and would again. Unreachable: Slack couldn't be asked.
    """
    from http.client import HTTPException

    from slack_sdk.errors import SlackClientError
    from tenacity import Retrying, retry_if_exception, stop_after_attempt

    client = _client(environ)
    retrying = Retrying(
        retry=retry_if_exception(_surely_not_taken),
        wait=_wait,
        stop=stop_after_attempt(TRIES),
        sleep=sleep,
        reraise=True,
    )
    try:
        answer = retrying(
            client.chat_postMessage,
            channel=channel,
            text=message["text"],
            blocks=message["blocks"],
            parse="none",
            link_names=False,
            unfurl_links=False,
            unfurl_media=False,
        )
    except (SlackClientError, HTTPException, OSError, ValueError) as error:
        raise _translated(error, channel) from None
    return str(answer.get("ts") or "")


def _client(environ: Mapping[str, str]) -> WebClient:
    from slack_sdk import WebClient

    token = environ.get("SLACK_BOT_TOKEN", "").strip()
    if not token:
        raise ConfigError("there is no Slack token", remedy=_TOKEN)
    token = sendable(token, "Slack token", f"{_TOKEN}, without what was pasted with it")
    url = environ.get("SLACK_API_URL") or WebClient.BASE_URL
    return WebClient(token, base_url=url.rstrip("/") + "/", timeout=20, retry_handlers=[])


def _surely_not_taken(error: BaseException) -> bool:
    """A rate limit, or no connection at all. A timeout or a 5xx may have been posted."""
    if isinstance(error, URLError):
        return isinstance(error.reason, OSError) and not isinstance(error.reason, TimeoutError)
    return _status(error) == 429 and _retry_after(error) <= LONGEST_WAIT


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    return (_retry_after(error) if error is not None else 0.0) or min(2.0**state.attempt_number, 8.0)


def _retry_after(error: BaseException) -> float:
    headers = {str(name).lower(): value for name, value in getattr(_answer(error), "headers", {}).items()}
    text = headers.get("retry-after", "")
    text = text[0] if isinstance(text, list) and text else text
    return float(text) if str(text).isdigit() else 0.0


def _translated(error: BaseException, channel: str) -> PromokitError:
    code, status = _code(error), _status(error)
    if code in _REMEDIES:
        return ConfigError(f"Slack refused the message: {code}", where=channel, remedy=_REMEDIES[code])
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return Unreachable("Slack limits our rate", where=channel, remedy="try again later")
    if code and status == 200 and code not in ("internal_error", "fatal_error", "service_unavailable"):
        return ConfigError(
            f"Slack refused the message: {code}",
            where=channel,
            remedy="see the errors of Slack's chat.postMessage",
        )
    what = code or (f"status {status}" if status else type(error).__name__)
    return Unreachable(
        f"Slack could not be asked ({what})", where=channel, remedy="check the network; see Slack's status"
    )


def _answer(error: BaseException) -> Any:
    return getattr(error, "response", None)


def _status(error: BaseException) -> int | None:
    return getattr(_answer(error), "status_code", None)


def _code(error: BaseException) -> str:
    """Slack's error word; anything else that may stand there isn't told on."""
    data = getattr(_answer(error), "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) and code.replace("_", "").isalnum() and code.isascii() else ""

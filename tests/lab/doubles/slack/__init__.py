"""The Slack double: chat.postMessage and auth.test, and the messages it got."""

import json
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from tests.lab.doubles.double import Double
from tests.lab.doubles.faults import Fault
from tests.lab.doubles.messages import Request, Response, Route, json_response, late_or_lost
from tests.lab.doubles.slack.blocks import complaints

TOKEN = "xoxb-lab"
CHANNEL = "deploys"
_TEXT = 40_000  # characters; Slack's own limit of a message's text
_BOT = {"user_id": "U0PROMOKIT", "bot_id": "B0PROMOKIT", "team_id": "T0CREDREG"}


class SlackDouble(Double):
    """One workspace with one bot; its channels are known by name (with or without #) and by id."""

    def __init__(self, *, port: int = 0) -> None:
        self._lock = threading.Lock()
        self._begin()
        super().__init__(port)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages taken, oldest first: the call's arguments but the token, and channel_id and ts."""
        return list(self._messages)

    def environ(self) -> dict[str, str]:
        """The environment of a process that posts to this double."""
        return {"SLACK_API_URL": f"{self.url}/api/", "SLACK_BOT_TOKEN": TOKEN}

    def reset(self) -> None:
        """No messages, the one channel, as at the start."""
        super().reset()
        self._begin()

    def answer(self, request: Request) -> Response:
        """One call of the Web API."""
        method = request.path.removeprefix("/api/")
        fault = self.faults.take(lambda fault: fault.get("method", method) == method)
        if fault and ("error" in fault or "status" in fault):
            return late_or_lost(_injected(fault), fault)
        return late_or_lost(json_response(self._call(request, method)), fault)

    def control(self) -> Sequence[Route]:
        """The messages, and further channels."""
        return [
            ("GET", "/_lab/messages", lambda _: json_response({"messages": self.messages})),
            ("PUT", "/_lab/channels/(?P<name>[^/]+)", self._add_channel),
        ]

    def _begin(self) -> None:
        self._messages: list[dict[str, Any]] = []
        self._channels = {CHANNEL: "C0DEPLOYS"}

    def _call(self, request: Request, method: str) -> dict[str, Any]:
        call = _arguments(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or call.get("token", "")
        if not request.path.startswith("/api/") or method not in {"auth.test", "chat.postMessage"}:
            return {"ok": False, "error": "unknown_method", "req_method": method}
        if token != TOKEN:
            return {"ok": False, "error": "invalid_auth" if token else "not_authed"}
        return self._auth_test() if method == "auth.test" else self._post(call)

    def _auth_test(self) -> dict[str, Any]:
        names = {"team": "credreg", "user": "promokit"}
        return {
            "ok": True,
            "url": "https://credreg.slack.com/",
            **names,
            **_BOT,
            "is_enterprise_install": False,
        }

    def _post(self, call: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(str(call.get("channel", "")))
        refused = {"ok": False, "error": "channel_not_found"} if channel is None else _refused(call)
        return refused or self._keep(call, str(channel))

    def _keep(self, call: dict[str, Any], channel: str) -> dict[str, Any]:
        told = {name: value for name, value in call.items() if name != "token"}
        with self._lock:
            stamp = f"1767225600.{len(self._messages) + 1:06d}"
            self._messages.append({**told, "channel_id": channel, "ts": stamp})
        shown: dict[str, Any] = {name: call[name] for name in ("text", "blocks", "thread_ts") if name in call}
        message = {
            "type": "message",
            "subtype": "bot_message",
            "user": _BOT["user_id"],
            "bot_id": _BOT["bot_id"],
            "team": _BOT["team_id"],
            "text": "",
            "ts": stamp,
            **shown,
        }
        return {"ok": True, "channel": channel, "ts": stamp, "message": message}

    def _channel(self, name: str) -> str | None:
        by_id = {number: number for number in self._channels.values()}
        return self._channels.get(name.removeprefix("#")) or by_id.get(name)

    def _add_channel(self, _: Request, name: str) -> Response:
        self._channels[name] = f"C0{name.upper()}"
        return json_response({"name": name, "id": self._channels[name]})


def _arguments(request: Request) -> dict[str, Any]:
    """The call's arguments from a JSON or a form body; in a form, blocks are JSON text."""
    if request.headers.get("content-type", "").startswith("application/json"):
        told = request.json()
        return told if isinstance(told, dict) else {}
    form: dict[str, Any] = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if "blocks" in form:
        form["blocks"] = _parsed(form["blocks"])
    return form


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _refused(call: dict[str, Any]) -> dict[str, Any] | None:
    blocks, text = call.get("blocks"), call.get("text") or ""
    if isinstance(blocks, str):  # In a JSON body too, blocks may come as JSON text.
        blocks = call["blocks"] = _parsed(blocks)
    if not isinstance(text, str) or (not text and not blocks):
        return {"ok": False, "error": "no_text"}
    if len(text) > _TEXT:
        return {"ok": False, "error": "msg_too_long"}
    if blocks is not None and not isinstance(blocks, list):
        return {"ok": False, "error": "invalid_blocks_format"}
    wrong = complaints(blocks or [])
    told = {"errors": wrong, "response_metadata": {"messages": wrong}}
    return {"ok": False, "error": "invalid_blocks", **told} if wrong else None


def _injected(fault: Fault) -> Response:
    status = int(fault.get("status", 200))
    error = fault.get("error", "ratelimited" if status == 429 else "internal_error")
    headers = {"Retry-After": str(fault.get("retry_after", 1))} if status == 429 else {}
    return json_response({"ok": False, "error": error}, status, headers)

"""One event as one Slack message, within Block Kit's limits. Pure.

Limits: https://docs.slack.dev/reference/block-kit/blocks (a header of 150 characters, a section of 3000, ten
fields of 2000).
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from promokit.slack.escape import foreign, link, one_line
from promokit.slack.wording import wording

_HEADER = 150
_FIELD = 350
_SENTENCE = 500


@frozen
class Notice:
    """What happened. Every text may be foreign; an empty one isn't shown.

    `event` is build, deploy, promotion or rollback; `outcome` is a verdict, a gate's answer, `cancelled`,
    `unchanged`, `rolled_back` or `already-newer`. `next_url`, `next_name`: the workflow that may follow.
    """

    event: str
    outcome: str
    environment: str = ""
    tag: str = ""
    digest: str = ""
    reason: str = ""
    remedy: str = ""
    previous_tag: str = ""
    run_url: str = ""
    next_url: str = ""
    next_name: str = ""
    actor: str = ""
    ledger_head: str = ""
    repository: str = ""


def message(notice: Notice) -> dict[str, Any]:
    """`text` (what a notification shows) and `blocks`, ready for chat.postMessage."""
    words = wording(notice.event, notice.outcome, notice.environment, notice.tag)
    headline = f"{words.sign} {words.headline}"
    blocks = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": one_line(headline, _HEADER), "emoji": False},
        },
        _section(foreign(words.lead, _SENTENCE)),
        _facts(notice),
        _advice(notice),
        _links(notice),
        _context(notice),
    ]
    reason = f" ({foreign(notice.reason, 200)})" if notice.reason else ""
    return {"text": foreign(headline, _SENTENCE) + reason, "blocks": [block for block in blocks if block]}


def _facts(notice: Notice) -> dict[str, Any] | None:
    digest = notice.digest.removeprefix("sha256:")[:12]
    facts = {
        "Environment": notice.environment,
        "Image": notice.tag,
        "Digest": digest,
        "Before": notice.previous_tag,
        "By": notice.actor,
        "Repository": notice.repository,
    }
    fields = [_text(f"*{name}*\n{foreign(value, _FIELD)}") for name, value in facts.items() if value]
    return {"type": "section", "fields": fields} if fields else None


def _advice(notice: Notice) -> dict[str, Any] | None:
    told = {"Why": notice.reason, "What to do": notice.remedy}
    lines = [f"*{name}:* {foreign(value, _SENTENCE // 2)}" for name, value in told.items() if value]
    return _section("\n".join(lines)) if lines else None


def _links(notice: Notice) -> dict[str, Any] | None:
    """Links, not buttons: a button shows an error to its presser where the app answers no requests."""
    following = f"▶️ *Next:* {link(notice.next_url, notice.next_name or 'the next workflow')}" if notice.next_url else ""
    run = f"🔎 {link(notice.run_url, 'The run and its summary')}" if notice.run_url else ""
    lines = [line for line in (following, run) if line]
    return _section("\n".join(lines)) if lines else None


def _context(notice: Notice) -> dict[str, Any] | None:
    told = {"Digest": notice.digest, "Ledger head": notice.ledger_head}
    elements = [_text(f"{name} {foreign(value, _FIELD)}") for name, value in told.items() if value]
    return {"type": "context", "elements": elements} if elements else None


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    """`verbatim`: Slack makes no links of what merely looks like an address or a channel."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}

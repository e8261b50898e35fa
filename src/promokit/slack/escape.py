"""Foreign text in Slack's mrkdwn: it stays text. Pure.

Rules: https://docs.slack.dev/messaging/formatting-message-text ("Escaping text", "Mentioning").
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_MENTION = re.compile(r"@(?=\w)|#(?=\w)")
_NOT_IN_A_LINK = re.compile(r"[<>|\s]")
LONGEST_URL = 1000
"""Characters, escaped: two links and their labels fit into one section."""


def one_line(text: str, most: int) -> str:
    """For a plain_text object: no control characters or line breaks, at most `most` characters."""
    printable = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return printable if len(printable) <= most else printable[: most - 1] + "…"


def foreign(text: str, most: int) -> str:
    """The text for mrkdwn, on one line: no link, no mention of a person, a channel or everybody.

    The result has at most five characters for each of `most` (`&amp;`).
    """
    apart = _MENTION.sub(lambda match: f"{match[0]}\N{WORD JOINER}", one_line(text, most))
    return apart.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(url: str, label: str) -> str:
    """A link of our own making; just the label where the URL isn't a web address that fits into one."""
    text = foreign(label, 100).replace("|", "\N{BROKEN BAR}")
    escaped = url.replace("&", "&amp;")
    fits = len(escaped) <= LONGEST_URL and not _NOT_IN_A_LINK.search(url) and _is_web(url)
    return f"<{escaped}|{text}>" if fits else text


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.netloc)

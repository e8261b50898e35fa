"""Which requests a program made, by the API server's own log of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from attrs import define


@define
class AuditLog:
    """The log from now on."""

    file: Path
    _at: int = 0

    def __attrs_post_init__(self) -> None:
        self._at = self.file.stat().st_size

    def of(self, agent: str) -> Counter[str]:
        """Count the requests since then of programs whose User-Agent begins so, by what they ask."""
        with self.file.open("rb") as lines:
            lines.seek(self._at)
            return counted(lines, agent)


def counted(lines: Iterable[bytes | str], agent: str) -> Counter[str]:
    """Count requests, each once: `list pods`, `watch pods` and `list and watch pods` (sendInitialEvents), …"""
    asked: dict[str, str] = {}
    for line in lines:
        event = json.loads(line)
        if event.get("userAgent", "").startswith(agent):
            asked[event["auditID"]] = (
                f"{_verb(event)} {event.get('objectRef', {}).get('resource', event['requestURI'])}"
            )
    return Counter(asked.values())


def _verb(event: dict[str, str]) -> str:
    streams = "sendInitialEvents" in parse_qs(urlsplit(event["requestURI"]).query)
    return "list and watch" if streams else event["verb"]

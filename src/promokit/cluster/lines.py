"""The lines of a streamed answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from promokit.cluster.transport import Away, Silent


def stream_lines(answer: Any, *, cut_is_end: bool = True) -> Iterator[bytes]:
    """Split a stream into lines as they come. Silent after its read timeout; where a cut isn't its end, Away."""
    import urllib3

    rest = b""
    try:
        for chunk in answer.stream(None, decode_content=True):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line for line in whole if line.strip())
    except urllib3.exceptions.ReadTimeoutError as error:
        raise Silent("the API server has fallen silent", remedy="check the network and its proxies") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        if not cut_is_end:
            raise Away("the API server's answer broke off", remedy="run this again") from error
    finally:
        answer.close()

"""The lines of a streamed answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from promokit.cluster.transport import Away, Silent

_AT_ONCE = 0.001


def at_once() -> float:
    """Return no seconds: what comes is read as it comes."""
    return 0.0


def stream_lines(answer: Any, *, cut_is_end: bool = True, together: Callable[[], float] = at_once) -> Iterator[bytes]:
    """Split a stream into lines as they come. Silent after its read timeout; where a cut isn't its end, Away.

    While `together` returns seconds, a stream is read at most once in so many, at moments that are the same for all
    streams, and then all that has come: waking up for each line costs several times what reading it does.
    """
    import urllib3

    rest = b""
    try:
        for chunk in _chunks(answer, together):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line for line in whole if line.strip())
    except urllib3.exceptions.ReadTimeoutError as error:
        raise Silent("the API server has fallen silent", remedy="check the network and its proxies") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        if not cut_is_end:
            raise Away("the API server's answer broke off", remedy="run this again") from error
    finally:
        answer.close()


def _chunks(answer: Any, together: Callable[[], float]) -> Iterator[bytes]:
    """Yield what comes. What had to be waited for is kept until the next of the moments at which all is read."""
    idle, asked = not _has_more(answer), time.monotonic()
    for chunk in answer.stream(None, decode_content=True):
        if idle and time.monotonic() - asked > _AT_ONCE and (seconds := together()):
            time.sleep(seconds - time.monotonic() % seconds)
        yield chunk
        idle, asked = not _has_more(answer), time.monotonic()


def _has_more(answer: Any) -> bool:
    """Whether the connection has more to read; what of it was taken from there already, isn't seen."""
    from urllib3.util import wait_for_read

    sock = getattr(answer.connection, "sock", None)
    if sock is None:
        return True
    return bool(getattr(sock, "pending", int)()) or wait_for_read(sock, timeout=0)

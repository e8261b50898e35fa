"""Lines of a stream that are read together: fewer wake-ups, nothing lost, and a burst isn't slowed down."""

from collections.abc import Iterator

import pytest

from promokit.cluster import lines
from promokit.cluster.lines import stream_lines


class Connection:
    """A stream whose chunks come at these seconds, by a clock that only waiting moves on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, chunks: list[tuple[float, bytes]]) -> None:
        self.clock, self.slept, self._chunks = 0.0, list[float](), chunks
        monkeypatch.setattr(lines, "time", self)
        monkeypatch.setattr(lines, "_has_more", lambda answer: bool(chunks) and chunks[0][0] <= self.clock)

    def monotonic(self) -> float:
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock += seconds

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        while self._chunks:
            at, text = self._chunks.pop(0)
            self.clock = max(self.clock, at)
            yield text

    def close(self) -> None:
        pass


def taken(connection: Connection, *together: float) -> list[tuple[float, bytes]]:
    """When each line was handed on, from the beginning; with several numbers, each goes for one of the waits."""
    numbers = [*together]

    def seconds() -> float:
        return numbers.pop(0) if len(numbers) > 1 else numbers[0]

    return [(round(connection.clock, 3), line) for line in stream_lines(connection, together=seconds)]


def test_a_busy_stream_is_read_at_a_few_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line every 31 ms for 0.6 s: three times something is handed on, in order, 0.2 s late at most."""
    sent = [(0.031 * (number + 1), b"%d\n" % number) for number in range(19)]
    found = taken(Connection(monkeypatch, list(sent)), 0.2)
    assert [line for _, line in found] == [b"%d" % number for number in range(19)]
    assert sorted({at for at, _ in found}) == [0.2, 0.4, 0.6]
    assert all(0 <= at - came <= 0.2 for (at, _), (came, _) in zip(found, sent, strict=True))


def test_what_lies_there_already_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list, or what came while the connection was away, waits for nothing between its lines."""
    connection = Connection(monkeypatch, [(0.0, b"%d\n" % number) for number in range(100)])
    assert len(taken(connection, 0.2)) == 100
    assert connection.slept == []


def test_what_changes_while_a_stream_is_read_goes_for_the_next_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last pods of thousands are seen without delay."""
    connection = Connection(monkeypatch, [(0.31, b"a\n"), (0.52, b"b\n"), (0.71, b"c\n")])
    assert taken(connection, 0.5, 0.1, 0.0) == [(0.5, b"a"), (0.6, b"b"), (0.71, b"c")]


def test_without_it_each_line_is_handed_on_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollout of a few pods is seen without delay."""
    connection = Connection(monkeypatch, [(0.03, b"a\n"), (0.06, b"b\nc\n"), (0.06, b"d\n")])
    assert taken(connection, 0.0) == [(0.03, b"a"), (0.06, b"b"), (0.06, b"c"), (0.06, b"d")]
    assert connection.slept == []

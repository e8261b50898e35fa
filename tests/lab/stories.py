"""Tests on the lab that mostly wait: what they tell is played several at once, each in a namespace of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import pytest
from attrs import define, field

from tests.lab.stand import World

AT_ONCE = 8
"""On two cores; most of a story's time is waiting."""
STORY = "story_of"
"""A test file's function from a test to its story; a story has `long` if it had better begin early."""
Story = Callable[[World], None]
Function = TypeVar("Function", bound=Story)


def long(story: Function) -> Function:
    """Mark a story that takes far longer than the others."""
    story.long = True  # type: ignore[attr-defined]
    return story


@define
class Stories:
    """The stories of the tests that were chosen, from all files; all have begun or will."""

    there: World
    _pool: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(AT_ONCE))
    _told: dict[str, Future[None]] = field(factory=dict)

    def begin(self, items: Iterable[pytest.Item]) -> None:
        """Begin the stories of these tests, the long ones first."""
        found = [(item, story_of(item)) for item in items if (story_of := tells(item))]
        for item, story in sorted(found, key=lambda each: not getattr(each[1], "long", False)):
            self._told[item.nodeid] = self._pool.submit(story, self.there)

    def hear(self, request: pytest.FixtureRequest) -> None:
        """Wait for the end of a test's story; raise what it raises."""
        self._told[request.node.nodeid].result()

    def stop(self) -> None:
        """Begin no more of them, and wait for those that are under way."""
        self._pool.shutdown(cancel_futures=True)


def tells(item: pytest.Item) -> Callable[[pytest.Item], Story] | None:
    """Return the function from a test to its story; None for a test that isn't one of a story."""
    module = getattr(item, "module", None)
    found: Callable[[pytest.Item], Story] | None = getattr(module, STORY, None)
    return found

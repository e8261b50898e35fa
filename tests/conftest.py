from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.http_server import Respond, Server


@pytest.fixture
def serve() -> Iterator[Callable[[Respond], Server]]:
    """Starts servers that answer as a function says, and stops them after the test."""
    with ExitStack() as stack:
        yield lambda respond: stack.enter_context(Server(respond).running())

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings

from tests.http_server import Respond, Server

settings.register_profile("usual", max_examples=200, deadline=None)
settings.register_profile("thorough", parent=settings.get_profile("usual"), max_examples=2000)
settings.load_profile("usual")


@pytest.fixture
def serve() -> Iterator[Callable[[Respond], Server]]:
    """Starts servers that answer as a function says, and stops them after the test."""
    with ExitStack() as stack:
        yield lambda respond: stack.enter_context(Server(respond).running())

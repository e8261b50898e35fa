from collections.abc import Iterator

import pytest

from tests.cluster.api_server import ApiServer


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """An API server without objects, on a free port."""
    with ApiServer() as server:
        yield server

"""Sessions of botocore, by the credentials of the environment. botocore is imported at the first call."""

from __future__ import annotations

import functools
from typing import Any


class _EveryService(tuple[str, ...]):
    """Has each name that is asked for. That there is no such service is told when its folder is opened."""

    def __contains__(self, name: object) -> bool:
        return True


def session() -> Any:
    """Return a new session; all sessions share what was read of botocore's files."""
    from botocore.session import Session

    made = Session()
    made.register_component("data_loader", _loader())
    return made


@functools.cache
def _loader() -> Any:
    """Return what reads botocore's files.

    It knows a service by looking through the folders of all four hundred, which takes a tenth of a second for each
    client, on a cold disk a second. Who asks knows it: we, and botocore itself, which has credentials from STS or SSO.
    """
    from botocore.loaders import create_loader

    loader = create_loader()
    loader.list_available_services = lambda type_name: _EveryService()
    return loader

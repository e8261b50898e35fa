"""The connections to an API server, which all use what was once made of its authority and our certificate."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import urllib3

_CONNECTIONS = 8


def connections(authority: str | None, ours: bytes = b"") -> urllib3.PoolManager:
    """Return the pool for a server whose certificate this authority signed (PEM; None: one that this machine trusts).

    `ours` is a client certificate with its key, both PEM. OSError (ssl.SSLError is one) where they are no good.
    """
    import urllib3
    from urllib3.util import create_urllib3_context

    context = create_urllib3_context()
    if authority is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cadata=authority)
    if ours:
        with tempfile.NamedTemporaryFile() as file:  # OpenSSL takes it by a file's name alone
            file.write(ours)
            file.flush()
            context.load_cert_chain(file.name, password="")
    return urllib3.PoolManager(maxsize=_CONNECTIONS, ssl_context=context)

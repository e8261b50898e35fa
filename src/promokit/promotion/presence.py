"""Whether an image that would run again is still in its registry."""

from __future__ import annotations

from promokit.errors import ConfigError, Refused, Unreachable
from promokit.image import ImageRef
from promokit.promotion.clients import Clients


def is_gone(clients: Clients, image: str) -> bool:
    """Say whether the registry has lost an image: by its digest, or by its tag where it isn't pinned.

    Errors: Unreachable or ConfigError when the registry can't be asked.
    """
    reference = ImageRef.parse(image)
    registry = clients.registry(reference.name)
    if reference.digest is not None:
        try:
            return registry.manifest(reference.name, reference.digest) is None
        except Refused:  # it is there, but nothing in it can run
            return True
    return reference.tag is not None and registry.digest_of(reference.name, reference.tag) is None


def gone_or_unknown(clients: Clients, image: str) -> str:
    """Return why an image can't be counted on: empty text if it is there, or if the registry can't be asked."""
    try:
        return f"{image} isn't in the registry" if is_gone(clients, image) else ""
    except (Unreachable, ConfigError):
        return ""

"""What a registry says: digests, tags, manifests. One port, two adapters.

Nothing here knows the cluster, GitHub or Slack.
"""

from __future__ import annotations

from collections.abc import Mapping

from promokit.errors import ConfigError
from promokit.image import ImageRef
from promokit.registry.port import Manifest, Registry, Tagged, Unsupported

__all__ = ["Manifest", "Registry", "Tagged", "Unsupported", "open_registry"]


def open_registry(repository: str, environ: Mapping[str, str]) -> Registry:
    """The registry that holds `repository` (`host/path`): ECR if its host has that form, else OCI.

    Nothing is sent yet. Credentials are those of the environment: AWS's for ECR, else a Docker config's.
    """
    from promokit.registry.ecr_host import EcrHost

    host = ImageRef.parse(repository).registry
    if not host:
        raise ConfigError(
            "the repository names no registry",
            where=repository,
            remedy="write it as host/path, the host a DNS name",
        )
    if ecr := EcrHost.parse(host):
        from promokit.registry.ecr import EcrRegistry

        return EcrRegistry.open(ecr, environ)
    from promokit.registry.oci import OciRegistry

    return OciRegistry.open(host, environ)

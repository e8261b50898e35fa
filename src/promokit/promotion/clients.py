"""The clients of one command: made when first asked for, from the environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import define, field

from promokit.cluster.connect import connect
from promokit.cluster.namespace import Namespace
from promokit.cluster.transport import Transport
from promokit.identity.asked import AskedOnce
from promokit.model import Cluster, Environment
from promokit.promotion.context import Context
from promokit.registry import open_registry
from promokit.registry.port import Registry

if TYPE_CHECKING:
    from promokit.github.api import GitHub


@define
class Clients:
    """Cluster, registry and GitHub, one connection each. Tests give it other environment variables, not mocks."""

    environ: Mapping[str, str] = field(factory=lambda: dict(os.environ))
    _transports: dict[Cluster, Transport] = field(factory=dict, init=False)
    _registries: dict[str, Registry] = field(factory=dict, init=False)
    _github: list[GitHub | None] = field(factory=list, init=False)

    @property
    def context(self) -> Context:
        """Who acts, and from where."""
        return Context.of(self.environ)

    def namespace(self, environment: Environment) -> Namespace:
        """Return the API of an environment's namespace."""
        if environment.cluster not in self._transports:
            self._transports[environment.cluster] = connect(environment.cluster, self.environ)
        return Namespace(self._transports[environment.cluster], environment.namespace)

    def registry(self, repository: str) -> Registry:
        """Return the registry that a repository (`host/path`) is in."""
        host = repository.partition("/")[0]
        if host not in self._registries:
            self._registries[host] = open_registry(repository, self.environ)
        return self._registries[host]

    def asked(self, repository: str) -> AskedOnce:
        """Return the registry that a repository is in, to be asked each question once from now on."""
        return AskedOnce(self.registry(repository))

    @property
    def github(self) -> GitHub | None:
        """Return GitHub's API, or None where no repository and token are set."""
        from promokit.github.api import GitHub

        if not self._github:
            self._github.append(GitHub.from_environ(self.environ))
        return self._github[0]

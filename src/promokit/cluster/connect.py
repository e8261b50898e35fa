"""From a Cluster of the model to a Transport: an EKS cluster, a kubeconfig, or the pod's own service account."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from promokit.cluster.eks import eks_transport
from promokit.cluster.transport import Transport
from promokit.errors import ConfigError
from promokit.model import Cluster


def connect(cluster: Cluster, environ: Mapping[str, str]) -> Transport:
    """Return the way to a cluster's API server. ConfigError or Unreachable says why there is none."""
    if cluster.eks:
        return eks_transport(cluster.eks, cluster.region or environ.get("AWS_REGION"))
    return _kubeconfig_transport(cluster.context, environ)


def _kubeconfig_transport(context: str | None, environ: Mapping[str, str]) -> Transport:
    from kubernetes import client

    token = KubeconfigToken(lambda: _loaded(context, environ))
    pool = client.rest.RESTClientObject(token.configuration).pool_manager
    return Transport(token.configuration.host.rstrip("/"), pool, token.authorization)


def _loaded(context: str | None, environ: Mapping[str, str]) -> Any:
    """Leave the reading of kubeconfigs (exec plugins, OIDC, in-cluster files) to the kubernetes client."""
    import yaml
    from kubernetes import client, config

    configuration = client.Configuration()
    try:
        if context is None and "KUBERNETES_SERVICE_HOST" in environ and "KUBECONFIG" not in environ:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=environ.get("KUBECONFIG"), context=context, client_configuration=configuration
            )
    except (config.ConfigException, yaml.YAMLError, UnicodeDecodeError) as error:
        told = error if isinstance(error, config.ConfigException) else "it isn't YAML"
        raise ConfigError(
            f"no usable kubeconfig: {told}",
            remedy="set KUBECONFIG, or name the cluster in promokit.yaml: {eks: …, region: …} or {context: …}",
        ) from error
    return configuration


@define(eq=False)
class KubeconfigToken:
    """The bearer token that a kubeconfig stands for, if it stands for one. Several threads may ask.

    The client's configuration renews a token before the time that its exec plugin told. One that was refused is had
    anew by loading the kubeconfig again: plugins run and files are read then.
    """

    load: Callable[[], Any]
    configuration: Any = field(init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self.configuration = self.load()

    def authorization(self, refused: str | None) -> str | None:
        """Return the Authorization header's value, where it can be had another than the one that was refused."""
        with self._lock:
            token = self._token()
            if refused is not None and token == refused:
                self.configuration = self.load()
                token = self._token()
            return token

    def _token(self) -> str | None:
        """Ask by the name that the client gives it, or gave it before its version 36."""
        found: str | None = self.configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        return found

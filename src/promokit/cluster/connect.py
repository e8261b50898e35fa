"""From a Cluster of the model to a Transport: an EKS cluster, a kubeconfig, or the pod's own service account."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

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
    """Leave the reading of kubeconfigs (exec plugins, OIDC, in-cluster files) to the kubernetes client."""
    from kubernetes import client, config

    configuration = client.Configuration()
    try:
        if context is None and "KUBERNETES_SERVICE_HOST" in environ and "KUBECONFIG" not in environ:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=environ.get("KUBECONFIG"), context=context, client_configuration=configuration
            )
    except config.ConfigException as error:
        raise ConfigError(
            f"no usable kubeconfig: {error}",
            remedy="set KUBECONFIG, or name the cluster in promokit.yaml: {eks: …, region: …} or {context: …}",
        ) from error
    pool = client.rest.RESTClientObject(configuration).pool_manager
    return Transport(configuration.host.rstrip("/"), pool, partial(_bearer, configuration))


def _bearer(configuration: object, renew: bool) -> str | None:
    """Ask the client's configuration for the token; it renews what has run out by itself."""
    del renew
    token: str | None = configuration.get_api_key_with_prefix("authorization")  # type: ignore[attr-defined]
    return token

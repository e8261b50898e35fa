"""From a Cluster of the model to a Transport: an EKS cluster, a kubeconfig, or the pod's own service account."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field

from promokit.cluster.eks import eks_transport
from promokit.cluster.kubeconfig import Access, kubeconfig_of, plain_access
from promokit.cluster.plugin import told_of_plugins
from promokit.cluster.transport import Transport
from promokit.errors import ConfigError
from promokit.model import Cluster

_LOADING = threading.Lock()
"""The client remembers the files that it makes of certificates by their content, before it has written them."""


def connect(cluster: Cluster, environ: Mapping[str, str]) -> Transport:
    """Return the way to a cluster's API server. ConfigError or Unreachable says why there is none."""
    if cluster.eks:
        return eks_transport(cluster.eks, cluster.region or environ.get("AWS_REGION"))
    return _kubeconfig_transport(cluster.context, environ)


def _kubeconfig_transport(context: str | None, environ: Mapping[str, str]) -> Transport:
    token = KubeconfigToken(lambda: _access(context, environ))
    host = token.access.host
    if not _is_address(host):
        raise ConfigError(f"the kubeconfig's server {host!r} is no address", remedy="write it as https://host:port")
    return Transport(host, token.access.pool, token.authorization)


def _access(context: str | None, environ: Mapping[str, str]) -> Access:
    in_a_pod = context is None and "KUBERNETES_SERVICE_HOST" in environ and not environ.get("KUBECONFIG")
    plain = None if in_a_pod else plain_access(context, environ)
    if plain is not None:
        return plain
    with _LOADING:
        return _by_the_client(context, environ, in_a_pod)


def _by_the_client(context: str | None, environ: Mapping[str, str], in_a_pod: bool) -> Access:
    """Leave the reading (exec plugins, OIDC, in-cluster files) to the kubernetes client.

    The token is asked for by the name that the client gives it, or gave it before its version 36.
    """
    import yaml
    from kubernetes import client, config

    configuration = client.Configuration()
    try:
        if in_a_pod:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            with told_of_plugins():
                config.load_kube_config(  # type: ignore[no-untyped-call]
                    config_file=kubeconfig_of(environ), context=context, client_configuration=configuration
                )
    except (config.ConfigException, yaml.YAMLError, UnicodeDecodeError) as error:
        known = _contexts(environ)
        if context is not None and known and context not in known:
            there = f"use one of: {', '.join(sorted(known))}"
            raise ConfigError(f"the kubeconfig has no context '{context}'", remedy=there) from error
        told = error if isinstance(error, config.ConfigException) else "it isn't YAML"
        raise ConfigError(
            f"no usable kubeconfig: {told}",
            remedy="set KUBECONFIG, or name the cluster in promokit.yaml: {eks: …, region: …} or {context: …}",
        ) from error
    except ValueError as error:
        raise ConfigError(f"the kubeconfig can't be used: {error}", remedy="mend its server's address") from error
    except OSError as error:
        remedy = "let this user read it; its certificates need a folder that can be written (TMPDIR)"
        raise ConfigError(f"the kubeconfig can't be used: {error.strerror or error}", remedy=remedy) from error
    return Access(configuration.host.rstrip("/"), _pool(configuration), partial(_authorization, configuration))


def _authorization(configuration: Any) -> str | None:
    """Return what the client sends, had anew from its plugin where it runs out."""
    with told_of_plugins():
        token: str | None = configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    return token


def _pool(configuration: Any) -> Any:
    import urllib3
    from kubernetes import client

    _check_certificates(configuration)
    try:
        return client.rest.RESTClientObject(configuration).pool_manager
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise ConfigError(f"the proxy can't be used: {error}", remedy="mend HTTPS_PROXY, or NO_PROXY") from error


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and " " not in text
    except ValueError:
        return False


def _contexts(environ: Mapping[str, str]) -> list[str]:
    """Return the names of the kubeconfig's contexts; none where they can't be read."""
    import yaml
    from kubernetes.config import ConfigException, kube_config

    try:
        merged = kube_config.KubeConfigMerger(kubeconfig_of(environ)).config  # type: ignore[no-untyped-call]
        return [str(each["name"]) for each in merged.value["contexts"]] if merged else []
    except (ConfigException, yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError, AttributeError):
        return []


def _check_certificates(configuration: Any) -> None:
    """Read the kubeconfig's certificates as a connection will: what they aren't isn't the network's trouble."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    remedy = "mend the kubeconfig, or make it anew"
    try:
        if configuration.ssl_ca_cert:
            context.load_verify_locations(configuration.ssl_ca_cert)
    except (OSError, ValueError) as error:
        raise ConfigError("the kubeconfig's certificate-authority is no certificate", remedy=remedy) from error
    try:
        if configuration.cert_file:
            context.load_cert_chain(configuration.cert_file, configuration.key_file)
    except (OSError, ValueError) as error:
        told = "the kubeconfig's client certificate or its key can't be used"
        raise ConfigError(told, remedy=remedy) from error


@define(eq=False)
class KubeconfigToken:
    """The bearer token that a kubeconfig stands for, if it stands for one. Several threads may ask.

    The client's configuration renews a token before the time that its exec plugin told. One that was refused is had
    anew by loading the kubeconfig again: plugins run and files are read then.
    """

    load: Callable[[], Access]
    access: Access = field(init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self.access = self.load()

    def authorization(self, refused: str | None) -> str | None:
        """Return the Authorization header's value, where it can be had another than the one that was refused."""
        with self._lock:
            token = self.access.authorization()
            if refused is not None and token == refused:
                self.access = self.load()
                token = self.access.authorization()
            return token

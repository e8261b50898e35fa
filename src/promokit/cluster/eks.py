"""EKS: where a cluster's API server is, and the token that it takes.

A token is a presigned GetCallerIdentity URL of STS with the cluster's name among its signed headers; it is good
for 15 minutes (github.com/kubernetes-sigs/aws-iam-authenticator, "API Authorization from Outside a Cluster").
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from promokit.aws import of_credentials, session
from promokit.cluster.pool import connections
from promokit.cluster.transport import Transport
from promokit.errors import ConfigError, PromokitError, Unreachable

_RENEW_AFTER_SECONDS = 10 * 60
_URL_SECONDS = 60


def eks_transport(name: str, region: str | None) -> Transport:
    """Return the way to an EKS cluster, with tokens made anew before they run out."""
    if not region:
        remedy = "say it: --region beside --cluster, region: in promokit.yaml, or AWS_REGION"
        raise ConfigError(f"no region for EKS cluster {name}", remedy=remedy)
    aws = session()
    described = _described(aws, name, region)
    ca = base64.b64decode(described["certificateAuthority"]["data"]).decode()
    return Transport(described["endpoint"].rstrip("/"), connections(ca), EksToken(aws, name, region).authorization)


@define(eq=False)
class EksToken:
    """The bearer token of an EKS cluster, renewed after ten of its fifteen minutes or when it was refused.

    Several threads may ask: one that was refused what another has renewed meanwhile gets the new one.
    """

    session: Any
    cluster: str
    region: str
    made_at: float = 0.0
    token: str = ""
    _lock: threading.Lock = field(factory=threading.Lock)

    def authorization(self, refused: str | None) -> str:
        """Return the Authorization header's value, another than the one that was refused."""
        with self._lock:
            old = time.monotonic() - self.made_at > _RENEW_AFTER_SECONDS
            if old or not self.token or refused == f"Bearer {self.token}":
                self.made_at, self.token = time.monotonic(), self._made()
            return f"Bearer {self.token}"

    def _made(self) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return self._make()
        except (BotoCoreError, ClientError) as error:  # those of a role or of single sign-on are had anew
            raise _no_answer(error, self.cluster, self.region) from error

    def _make(self) -> str:
        from botocore.exceptions import NoCredentialsError
        from botocore.model import ServiceId
        from botocore.signers import RequestSigner

        credentials = self.session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        signer = RequestSigner(
            ServiceId("sts"), self.region, "sts", "v4", credentials, self.session.get_component("event_emitter")
        )
        host = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        url = signer.generate_presigned_url(
            {
                "method": "GET",
                "url": f"https://sts.{self.region}.{host}/?Action=GetCallerIdentity&Version=2011-06-15",
                "body": {},
                "headers": {"x-k8s-aws-id": self.cluster},
                "context": {},
            },
            region_name=self.region,
            expires_in=_URL_SECONDS,
            operation_name="",
        )
        return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _described(aws: Any, name: str, region: str) -> dict[str, Any]:
    from botocore.config import Config
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        InvalidRegionError,
        NoCredentialsError,
        ProfileNotFound,
    )

    settings = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 3})
    try:
        if aws.get_credentials() is None:
            raise NoCredentialsError
        client = aws.create_client("eks", region_name=region, config=settings)
        found: dict[str, Any] = client.describe_cluster(name=name)["cluster"]
    except ClientError as error:
        raise _refused(error.response["Error"], name, region) from error
    except (ProfileNotFound, InvalidRegionError, ValueError) as error:  # botocore's word for an endpoint that is none
        remedy = "mend the region, AWS_PROFILE or AWS_ENDPOINT_URL, whichever it is"
        raise ConfigError(str(error), where=f"EKS cluster {name}, {region}", remedy=remedy) from error
    except BotoCoreError as error:
        raise _no_answer(error, name, region) from error
    if "endpoint" not in found:
        raise Unreachable(
            f"EKS cluster {name} has no endpoint yet: it is {found.get('status')}", remedy="wait for ACTIVE"
        )
    return found


def _no_answer(error: Exception, name: str, region: str) -> PromokitError:
    where = f"EKS cluster {name}, {region}"
    trouble = of_credentials(error, where)
    return trouble or Unreachable(f"AWS doesn't answer: {error}", where=where, remedy="run this again")


def _refused(error: Mapping[str, str], name: str, region: str) -> Exception:
    code, where = error.get("Code", ""), f"EKS cluster {name}, {region}"
    if code == "ResourceNotFoundException":
        return ConfigError("there is no such EKS cluster", where=where, remedy="check its name, region and account")
    if "Expired" in code:
        return Unreachable("the AWS credentials have expired", where=where, remedy="renew them and run this again")
    remedy = "allow eks:DescribeCluster to this role" if "AccessDenied" in code else "check the AWS credentials"
    return Unreachable(f"EKS refused: {error.get('Message') or code}", where=where, remedy=remedy)

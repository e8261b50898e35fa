"""The EKS double: the lab's clusters, described."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.doubles.aws_clients import client
from tests.lab.doubles.aws import AwsDouble

pytestmark = pytest.mark.program


def test_a_cluster_is_described_from_the_labs_file(aws: AwsDouble) -> None:
    """Endpoint and certificate authority are the file's, the status is ACTIVE."""
    found = client(aws, "eks").describe_cluster(name="credreg-test")["cluster"]
    assert (found["endpoint"], found["status"]) == ("https://127.0.0.1:16443", "ACTIVE")
    assert found["certificateAuthority"] == {"data": "Q0E="}


def test_the_file_is_read_at_every_call(aws: AwsDouble, clusters: Path) -> None:
    """A cluster that starts later is found, and without the file there is none."""
    cluster = {"endpoint": "https://127.0.0.1:26443", "ca": "Q0E="}
    clusters.write_text(json.dumps({"clusters": {"credreg-live": cluster}}))
    eks = client(aws, "eks")
    assert eks.describe_cluster(name="credreg-live")["cluster"]["endpoint"] == cluster["endpoint"]
    clusters.unlink()
    with pytest.raises(ClientError):
        eks.describe_cluster(name="credreg-live")


def test_an_unknown_cluster_is_refused(aws: AwsDouble) -> None:
    """ResourceNotFoundException with the cluster's name."""
    with pytest.raises(ClientError, match="No cluster found for name: nowhere") as caught:
        client(aws, "eks").describe_cluster(name="nowhere")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert caught.value.response["clusterName"] == "nowhere"


def test_the_build_role_has_no_business_with_clusters(aws: AwsDouble) -> None:
    """DescribeCluster is denied to the role that only builds."""
    with pytest.raises(ClientError) as caught:
        client(aws, "eks", "promokit-build").describe_cluster(name="credreg-test")
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"

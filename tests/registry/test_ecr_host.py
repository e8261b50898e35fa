import pytest

from promokit.registry import open_registry
from promokit.registry.ecr import EcrRegistry
from promokit.registry.ecr_host import EcrHost
from promokit.registry.oci import OciRegistry

ACCOUNT = "123456789012"


@pytest.mark.parametrize(
    ("host", "region", "fips", "dual_stack"),
    [
        (f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com", "us-east-1", False, False),
        (f"{ACCOUNT}.dkr.ecr.us-gov-west-1.amazonaws.com", "us-gov-west-1", False, False),
        (f"{ACCOUNT}.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1", True, False),
        (f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1", False, False),
        (f"{ACCOUNT}.dkr-ecr.eu-central-1.on.aws", "eu-central-1", False, True),
        (f"{ACCOUNT}.dkr-ecr-fips.us-east-2.on.aws", "us-east-2", True, True),
        (f"{ACCOUNT}.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn", "cn-northwest-1", False, True),
        (f"{ACCOUNT}.DKR.ECR.US-EAST-1.amazonaws.com", "us-east-1", False, False),
    ],
)
def test_each_form_of_host_gives_account_region_and_endpoint(
    host: str, region: str, fips: bool, dual_stack: bool
) -> None:
    """Commercial, gov, China, FIPS and dual-stack."""
    assert EcrHost.parse(host) == EcrHost(ACCOUNT, region, fips, dual_stack)


@pytest.mark.parametrize(
    "host",
    [
        "public.ecr.aws",
        "ghcr.io",
        "docker.io",
        f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com.evil.example",
        f"x.{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com:443",
        "1234.dkr.ecr.us-east-1.amazonaws.com",
    ],
)
def test_a_host_that_only_looks_alike_is_not_ecr(host: str) -> None:
    """No AWS credentials go to a host that isn't AWS's."""
    assert EcrHost.parse(host) is None


def test_the_registry_is_chosen_by_the_host() -> None:
    """ECR by its form of host, any other as an OCI registry."""
    ecr = open_registry(f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/registry", {})
    assert isinstance(ecr, EcrRegistry)
    assert isinstance(open_registry("ghcr.io/acme/app", {"HOME": "/nonexistent"}), OciRegistry)


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("dkr.ecr.us-east-1.amazonaws.com", "api.ecr.us-east-1.amazonaws.com"),
        ("dkr.ecr-fips.us-gov-west-1.amazonaws.com", "ecr-fips.us-gov-west-1.amazonaws.com"),
        ("dkr.ecr.cn-north-1.amazonaws.com.cn", "api.ecr.cn-north-1.amazonaws.com.cn"),
        ("dkr-ecr.eu-central-1.on.aws", "ecr.eu-central-1.api.aws"),
        ("dkr-ecr-fips.us-east-2.on.aws", "ecr-fips.us-east-2.api.aws"),
        ("dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn", "ecr.cn-northwest-1.api.amazonwebservices.com.cn"),
    ],
)
def test_the_api_that_is_asked_is_of_the_hosts_partition_and_kind(host: str, endpoint: str) -> None:
    """By botocore's own endpoint rules; a call that is throttled waits as its adaptive mode says."""
    ecr = EcrHost.parse(f"{ACCOUNT}.{host}")
    assert ecr
    meta = EcrRegistry.open(ecr, {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"})._client.meta
    assert (meta.endpoint_url, meta.config.retries["mode"]) == (f"https://{endpoint}", "adaptive")

"""The example system's names in AWS: account, region, roles and what each role may do."""

from collections.abc import Mapping

ACCOUNT = "123456789012"
REGION = "us-east-1"
GITHUB_REPOSITORY = "acme/credreg"

# Kubernetes groups of each role's EKS access entry; the build role has none.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "promokit-plan": ("promokit:read",),
    "promokit-test": ("promokit:read", "promokit:deploy-test"),
    "promokit-sandbox": ("promokit:read", "promokit:deploy-sandbox"),
    "promokit-prod": ("promokit:read", "promokit:deploy-prod"),
}

# The OIDC subject that each role's trust policy names, as a pattern of fnmatch.
TRUST: Mapping[str, str] = {
    "promokit-build": f"repo:{GITHUB_REPOSITORY}:ref:refs/heads/master",
    "promokit-test": f"repo:{GITHUB_REPOSITORY}:environment:test",
    "promokit-sandbox": f"repo:{GITHUB_REPOSITORY}:environment:sandbox",
    "promokit-prod": f"repo:{GITHUB_REPOSITORY}:environment:prod",
    "promokit-plan": f"repo:{GITHUB_REPOSITORY}:*",
}

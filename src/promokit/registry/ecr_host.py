"""The host names of Amazon ECR, read (https://docs.aws.amazon.com/general/latest/gr/ecr.html). Pure."""

from __future__ import annotations

import re

from attrs import frozen

# `ecr-fips` and, with `dkr-ecr`, dual-stack endpoints; then the domain of each AWS partition.
_HOST = re.compile(
    r"(?P<account>[0-9]{12})\.dkr(?P<dash>[.-])ecr(?P<fips>-fips)?\.(?P<region>[a-z0-9]+(?:-[a-z0-9]+)+)\."
    r"(?:amazonaws\.(?:com|com\.cn|eu)|on\.(?:aws|amazonwebservices\.com\.cn|amazonwebservices\.eu)"
    r"|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
)


@frozen
class EcrHost:
    """A private registry of Amazon ECR: whose, where, and by which kind of endpoint it is reached."""

    account: str
    region: str
    fips: bool
    dual_stack: bool

    @classmethod
    def parse(cls, host: str) -> EcrHost | None:
        """The registry of this host name; None if the host isn't one of ECR's (`public.ecr.aws` isn't)."""
        match = _HOST.fullmatch(host.lower())
        if match is None:
            return None
        return cls(match["account"], match["region"], match["fips"] is not None, match["dash"] == "-")

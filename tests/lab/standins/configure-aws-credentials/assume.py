"""Exports temporary credentials of ROLE, which the AWS double gives, to the job's later steps."""

import json
import os
import re
import urllib.request
from pathlib import Path


def main() -> None:
    """Masks the secrets, then exports the variables that the real action exports."""
    role, region = os.environ["ROLE"], os.environ["REGION"]
    parts = re.fullmatch(r"arn:aws:iam::(?P<account>\d{12}):role/(?P<name>[\w+=,.@-]+)", role)
    if not parts:
        raise SystemExit(f"::error::Not the ARN of a role: {role}")
    keys = assume(parts["name"])
    for secret in (keys["SecretAccessKey"], keys["SessionToken"]):
        print(f"::add-mask::{secret}")
    write("GITHUB_ENV", AWS_ACCESS_KEY_ID=keys["AccessKeyId"], AWS_SECRET_ACCESS_KEY=keys["SecretAccessKey"])
    write("GITHUB_ENV", AWS_SESSION_TOKEN=keys["SessionToken"], AWS_REGION=region, AWS_DEFAULT_REGION=region)
    write("GITHUB_OUTPUT", **{"aws-account-id": parts["account"]})


def assume(name: str) -> dict[str, str]:
    """The double's answer: AccessKeyId, SecretAccessKey, SessionToken, Expiration."""
    asked = urllib.request.Request(  # noqa: S310 - the lab's own address
        f"{os.environ['AWS_ENDPOINT_URL']}/_lab/assume",
        json.dumps({"role": name, "session": "GitHubActions"}).encode(),
        {"Content-Type": "application/json"},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(asked, timeout=30) as answer:
        return dict(json.load(answer))


def write(file: str, **values: str) -> None:
    """Appends NAME=value lines to one of the runner's files."""
    with Path(os.environ[file]).open("a") as lines:
        lines.writelines(f"{name}={value}\n" for name, value in values.items())


if __name__ == "__main__":
    main()

import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError
from botocore.loaders import JSONFileLoader

from promokit import aws
from promokit.aws import session


@pytest.mark.parametrize("service", ["ecr", "eks", "sts", "sso", "sso-oidc"])
def test_a_client_is_made_without_a_look_at_the_other_services(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their four hundred folders aren't opened: on a cold disk that takes longer than the question.

    A role, a web identity or `aws sso login` make botocore ask STS or SSO for credentials, by this same session.
    """
    listed: list[str] = []
    listdir = os.listdir

    def counted(path: str) -> list[str]:
        listed.append(Path(path).name)
        return listdir(path)

    aws._loader.cache_clear()
    monkeypatch.setattr(os, "listdir", counted)
    client = session().create_client(service, "us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
    assert client.meta.service_model.service_name == service
    assert set(listed) == {service}


def test_botocores_large_file_is_read_by_the_faster_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own takes a twentieth of a second, in which nothing else runs. What it alone can read is left to it."""
    theirs: list[str] = []
    read = JSONFileLoader.load_file

    def counted(self: JSONFileLoader, path: str) -> Any:
        theirs.append(Path(path).name)
        return read(self, path)

    aws._loader.cache_clear()
    monkeypatch.setattr(JSONFileLoader, "load_file", counted)
    client = session().create_client("ecr", "us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
    assert client.meta.endpoint_url == "https://api.ecr.us-east-1.amazonaws.com"
    assert "service-2" in theirs
    assert "endpoints" not in theirs


def test_a_service_that_is_none_is_told() -> None:
    """By botocore's own error."""
    with pytest.raises(BotoCoreError):
        session().create_client("no-such-service", "us-east-1")

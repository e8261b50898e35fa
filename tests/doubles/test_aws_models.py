"""The check against botocore's models itself: it must be able to find fault."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.session import Session

from tests.doubles.aws_clients import client
from tests.doubles.aws_models import complaints
from tests.doubles.control import control
from tests.lab.doubles.aws import AwsDouble

pytestmark = pytest.mark.program


SESSION = Session()  # One, since it keeps the parsed service models.


def answered(status: int, body: bytes, code: str = "") -> dict[str, Any]:
    headers = {"x-amzn-errortype": code} if code else {}
    return {"status_code": status, "headers": headers, "body": body}


def found(service: str, operation: str, response: dict[str, Any]) -> list[str]:
    return complaints(SESSION.get_service_model(service).operation_model(operation), response)


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ({"cluster": {"name": "x", "invented": 1}}, "$.cluster has an unknown member invented"),
        ({"cluster": {"name": 7}}, "$.cluster.name isn't a string: 7"),
        ({"cluster": {"status": "WELL"}}, "$.cluster.status isn't one of"),
        ({"cluster": {"createdAt": "today"}}, "$.cluster.createdAt isn't a timestamp"),
        ({"cluster": []}, "$.cluster isn't a structure"),
    ],
)
def test_a_wrong_json_answer_is_found(told: dict[str, Any], complaint: str) -> None:
    """An unknown member, a wrong type, a word outside an enumeration: each is told with its place."""
    (said,) = found("eks", "DescribeCluster", answered(200, json.dumps(told).encode()))
    assert said.startswith(complaint)


def test_a_wrong_xml_answer_is_found() -> None:
    """In the query protocol too, an unknown member and an answer without its result are found."""
    root = ElementTree.Element("GetCallerIdentityResponse", xmlns="https://sts.amazonaws.com/doc/2011-06-15/")
    assert found("sts", "GetCallerIdentity", answered(200, ElementTree.tostring(root))) == ["no result"]
    ElementTree.SubElement(ElementTree.SubElement(root, "GetCallerIdentityResult"), "Name").text = "x"
    (said,) = found("sts", "GetCallerIdentity", answered(200, ElementTree.tostring(root)))
    assert said == "$ has an unknown member Name"


def test_an_error_that_the_operation_does_not_know_is_found(aws: AwsDouble) -> None:
    """Every client of these tests checks every answer, refusals too."""
    control(aws, "POST", "fail", {"operation": "ListImages", "error": "NoSuchThing"})
    with pytest.raises(AssertionError, match="doesn't answer NoSuchThing"):
        client(aws, "ecr").list_images(repositoryName="registry")
    said = found("eks", "DescribeCluster", answered(404, b'{"extra": 1}', "ResourceNotFoundException"))
    assert said == [
        "ResourceNotFoundException has no member extra",
        "ResourceNotFoundException without a message",
    ]

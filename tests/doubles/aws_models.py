"""Answers checked against botocore's own models of the services, byte for byte as they came."""

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from botocore.model import OperationModel, Shape

# What any operation may answer, though no model lists it: AWS, "Common Errors" of each API reference.
COMMON_ERRORS = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
}
# The same in the query protocol, which has names of its own.
COMMON_QUERY_ERRORS = {
    "AccessDenied",
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "ValidationError",
}
_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "timestamp": (int, float),
}


def complaints(model: OperationModel, response: dict[str, Any]) -> list[str]:
    """What the model says against an HTTP answer: members unknown or absent, wrong types, unknown errors."""
    protocol, body = model.service_model.resolved_protocol, response["body"]
    if protocol == "query":
        return list(_xml(model, ElementTree.fromstring(body), response["status_code"]))  # noqa: S314
    told = json.loads(body)
    if response["status_code"] < 300:
        return list(_json(told, model.output_shape, "$"))
    code = response["headers"].get("x-amzn-errortype") or told.get("__type")
    return list(_json_error(model, code, told))


def _json_error(model: OperationModel, code: str, told: dict[str, Any]) -> Iterator[str]:
    shapes = {shape.name: shape for shape in model.error_shapes}
    if code not in shapes and code not in COMMON_ERRORS:
        yield f"{model.name} doesn't answer {code}"
    members = set(shapes[code].members) if code in shapes else {"message"}
    for name in set(told) - members - {"__type"}:
        yield f"{code} has no member {name}"
    if not isinstance(told.get("message"), str):
        yield f"{code} without a message"


def _json(value: Any, shape: Shape, where: str) -> Iterator[str]:
    if shape.type_name == "structure":
        yield from _structure(value, shape, where)
    elif shape.type_name == "list":
        for number, item in enumerate(value):
            yield from _json(item, shape.member, f"{where}[{number}]")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _json(item, shape.value, f"{where}.{key}")
    elif not isinstance(value, _SCALARS[shape.type_name]) or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield f"{where} isn't a {shape.type_name}: {value!r}"
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{where} isn't one of {shape.enum}: {value!r}"


def _structure(value: Any, shape: Shape, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} isn't a structure: {value!r}"
        return
    members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
    for name in shape.required_members:
        if name not in value:
            yield f"{where} has no {name}"
    for name, item in value.items():
        if name not in members:
            yield f"{where} has an unknown member {name}"
        else:
            yield from _json(item, members[name], f"{where}.{name}")


def _xml(model: OperationModel, root: ElementTree.Element, status: int) -> Iterator[str]:
    namespace = "{" + model.service_model.metadata["xmlNamespace"] + "}"
    if status >= 300:
        for path in ("Error/Type", "Error/Code", "Error/Message", "RequestId"):
            if root.find(namespace + path.replace("/", f"/{namespace}")) is None:
                yield f"an error without {path}"
        code = root.findtext(f"{namespace}Error/{namespace}Code")
        if code not in {shape.error_code for shape in model.error_shapes} | COMMON_QUERY_ERRORS:
            yield f"{model.name} doesn't answer {code}"
        return
    result = root.find(f"{namespace}{model.output_shape.serialization['resultWrapper']}")
    if result is None:
        yield "no result"
    else:
        yield from _element(result, model.output_shape, namespace, "$")


def _element(element: ElementTree.Element, shape: Shape, namespace: str, where: str) -> Iterator[str]:
    if shape.type_name != "structure":
        if len(element) or not element.text:
            yield f"{where} isn't a {shape.type_name}"
        return
    told = {child.tag.removeprefix(namespace): child for child in element}
    for name in set(shape.required_members) - set(told):
        yield f"{where} has no {name}"
    for name, child in told.items():
        if name not in shape.members:
            yield f"{where} has an unknown member {name}"
        else:
            yield from _element(child, shape.members[name], namespace, f"{where}.{name}")

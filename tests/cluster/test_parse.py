import json
from typing import Any

import pytest

from promokit.cluster.parse import decode, parse_object

MANAGED = [{"manager": "kubelet", "fieldsV1": {"f:spec": {"f:x": {}}, 'k:{"type":"Ready"}': {".": {}}}}]


def written(annotation: str = "", managed: Any = MANAGED) -> dict[str, Any]:
    """A pod as an API server writes it: managedFields last in the metadata, then the spec."""
    return {
        "type": "MODIFIED",
        "object": {
            "metadata": {"name": "a", "annotations": {"x": annotation}, "managedFields": managed},
            "spec": {"nodeName": "n"},
        },
    }


def test_who_manages_a_field_is_left_out() -> None:
    """It is half of the text, and nobody asks for it."""
    found = decode(json.dumps(written(), separators=(",", ":")).encode())
    assert found == written(managed=[])


@pytest.mark.parametrize("text", ['"managedFields":[', ']},"spec":', json.dumps({"managedFields": [], "spec": 1})])
def test_a_text_that_looks_like_it_is_kept(text: str) -> None:
    """An annotation may hold a whole manifest, as kubectl's does."""
    for managed in (MANAGED, []):
        found = decode(json.dumps(written(text, managed), separators=(",", ":")).encode())
        assert found == written(text, [])


def test_another_way_to_write_it_is_read_as_it_is() -> None:
    """A proxy may sort keys or put blanks between them."""
    for settings in ({"sort_keys": True}, {"indent": 1}, {"separators": (",", ":"), "sort_keys": True}):
        found = decode(json.dumps(written(), **settings).encode())
        assert found["object"]["spec"] == {"nodeName": "n"}
        assert found["object"]["metadata"]["name"] == "a"


def test_a_key_of_that_name_elsewhere_breaks_nothing() -> None:
    """Where leaving it out leaves no JSON, all of it is read."""
    odd = {"managedFields": [{"metadata": {"x": [1]}, "spec": 2}], "y": {"z": [{"spec": 3}]}}
    assert decode(json.dumps(odd, separators=(",", ":")).encode()) == odd


def test_texts_that_objects_share_are_kept_once() -> None:
    """Five thousand pods of one image have one image's text."""
    status = {"containerStatuses": [{"name": "main-app", "image": "i" * 9, "imageID": "d" * 9}]}
    text = json.dumps({"kind": "Pod", "metadata": {"name": "a", "uid": "u"}, "status": status})
    one, other = (parse_object(json.loads(text)) for _ in range(2))
    assert one == other
    assert one.containers[0].image is other.containers[0].image  # type: ignore[union-attr]

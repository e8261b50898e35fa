import json

from promokit.cluster.parse import parse_object


def test_texts_that_objects_share_are_kept_once() -> None:
    """Five thousand pods of one image have one image's text."""
    status = {"containerStatuses": [{"name": "main-app", "image": "i" * 9, "imageID": "d" * 9}]}
    text = json.dumps({"kind": "Pod", "metadata": {"name": "a", "uid": "u"}, "status": status})
    one, other = (parse_object(json.loads(text)) for _ in range(2))
    assert one == other
    assert one.containers[0].image is other.containers[0].image  # type: ignore[union-attr]

import json

from promokit.cluster.parse import parse_event, parse_object, parse_time


def test_texts_that_objects_share_are_kept_once() -> None:
    """Five thousand pods of one image have one image's text."""
    status = {"containerStatuses": [{"name": "main-app", "image": "i" * 9, "imageID": "d" * 9}]}
    text = json.dumps({"kind": "Pod", "metadata": {"name": "a", "uid": "u"}, "status": status})
    one, other = (parse_object(json.loads(text)) for _ in range(2))
    assert one == other
    assert one.containers[0].image is other.containers[0].image  # type: ignore[union-attr]


def test_a_series_was_last_when_it_was_last_observed() -> None:
    """Of an Event of events.k8s.io nothing else tells: the two times of the older kind are null."""
    first, last = "2026-11-24T12:00:00.000000Z", "2026-11-24T12:05:00.000000Z"
    told = {"firstTimestamp": None, "lastTimestamp": None, "eventTime": first}
    found = parse_event({"metadata": {"uid": "e"}, **told, "series": {"count": 3, "lastObservedTime": last}})
    assert (found.count, found.first, found.last) == (3, parse_time(first), parse_time(last))

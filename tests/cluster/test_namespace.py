import pytest

from promokit.cluster import namespace as pages
from promokit.cluster.transport import Conflict, Invalid, NotFound
from tests.cluster.api_server import ApiServer


def pod(number: int, **labels: str) -> dict[str, object]:
    return {"metadata": {"labels": labels}, "status": {"phase": "Running"}}


def test_a_list_is_read_in_pages(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """All objects come, however many pages they take, and no page is asked twice."""
    monkeypatch.setattr(pages, "PAGE", 3)
    for number in range(8):
        api.put("pods", f"p{number}", pod(number))
    assert [each.name for each in api.namespace().pods()] == [f"p{number}" for number in range(8)]
    assert [each.query.get("continue", "") for each in api.calls] == ["", "3", "6"]
    assert {each.query["limit"] for each in api.calls} == {"3"}


def test_a_selector_goes_along_with_every_page(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paging doesn't widen what was asked."""
    monkeypatch.setattr(pages, "PAGE", 1)
    for number in range(4):
        api.put("pods", f"p{number}", pod(number, app="a" if number % 2 else "b"))
    assert [each.name for each in api.namespace().pods({"labelSelector": "app=a"})] == ["p1", "p3"]


def test_what_is_not_there_is_none(api: ApiServer) -> None:
    """A missing object is an answer, not an error."""
    assert api.namespace().get("configmaps", "x") is None


def test_other_namespaces_are_not_seen(api: ApiServer) -> None:
    """Sandbox and prod share a cluster."""
    api.put("configmaps", "x", {}, namespace="credreg-prod")
    assert api.namespace("credreg-sandbox").get("configmaps", "x") is None
    assert api.namespace("credreg-prod").get("configmaps", "x") is not None


def test_only_the_version_that_was_read_may_be_replaced(api: ApiServer) -> None:
    """Compare-and-set by resourceVersion; creating what exists is a conflict too."""
    here = api.namespace()
    first = here.create("configmaps", {"metadata": {"name": "x"}})
    here.replace("configmaps", "x", first)
    with pytest.raises(Conflict):
        here.replace("configmaps", "x", first)
    with pytest.raises(Conflict):
        here.create("configmaps", {"metadata": {"name": "x"}})


def test_a_patch_whose_test_fails_is_invalid(api: ApiServer) -> None:
    """And changes nothing, also what stood before the test."""
    api.put("configmaps", "x", {"data": {"a": "1"}})
    operations = [
        {"op": "add", "path": "/data/b", "value": "2"},
        {"op": "test", "path": "/data/a", "value": "other"},
    ]
    with pytest.raises(Invalid):
        api.namespace().json_patch("configmaps", "x", operations)
    assert api.get("configmaps", "x")["data"] == {"a": "1"}
    with pytest.raises(NotFound):
        api.namespace().json_patch("configmaps", "y", operations)


def test_a_log_is_read_as_lines(api: ApiServer) -> None:
    """Bytes that are no text are shown as such; the previous run has a log of its own."""
    api.logs["p/app"] = "one\ntwo\n"
    api.logs["p/app/previous"] = "before"
    here = api.namespace()
    assert here.log_tail("p", "app") == ["one", "two"]
    assert here.log_tail("p", "app", previous=True) == ["before"]
    assert api.calls[-1].query["limitBytes"] == "65536"

import pytest

from promokit.cluster import nodes
from promokit.errors import Unreachable
from tests.cluster.api_server import ApiServer


def add(api: ApiServer, name: str, architecture: str, os: str = "linux") -> None:
    info = {"operatingSystem": os, "architecture": architecture}
    api.put("nodes", name, {"status": {"nodeInfo": info}}, namespace="")


def test_the_nodes_tell_their_platforms(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, over all pages of the list."""
    monkeypatch.setattr(nodes, "PAGE", 2)
    for number, architecture in enumerate(("arm64", "amd64", "amd64")):
        add(api, f"node-{number}", architecture)
    add(api, "node-windows", "amd64", "windows")
    platforms = nodes.node_platforms(api.namespace().transport)
    assert platforms == ("linux/amd64", "linux/arm64", "windows/amd64")
    assert [each.query.get("continue") for each in api.calls] == [None, "2"]


def test_nodes_that_may_not_be_read_are_unknown(api: ApiServer) -> None:
    """A role of a namespace hasn't the right to."""
    api.fail(403, path="nodes")
    with pytest.raises(Unreachable, match="not allowed to read"):
        nodes.node_platforms(api.namespace().transport)


def test_an_answer_that_is_no_list_of_nodes_is_unknown(api: ApiServer) -> None:
    """Something else stands where the API server should."""
    api.fail(200, path="nodes", body=b"<html>")
    with pytest.raises(Unreachable, match="not a list of nodes"):
        nodes.node_platforms(api.namespace().transport)
